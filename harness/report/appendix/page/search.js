// Search over headings, rows of tables, prompts and sessions: every word has to occur.

const MOST = 40;

const nearestId = (element) => element.closest('[id]')?.id ?? '';

const indexOfPage = () => {
  const entries = [];
  document.querySelectorAll('main h2, main h3, main h4').forEach((heading) => {
    if (heading.closest('.browser')) return;
    entries.push({ text: heading.textContent, kind: 'heading', href: `#${nearestId(heading)}` });
  });
  document.querySelectorAll('main .table table').forEach((table) => {
    if (table.closest('.browser')) return;
    const title = table.caption?.textContent ?? '';
    entries.push({ text: title, kind: 'table', href: `#${nearestId(table)}` });
    [...table.tBodies[0].rows].forEach((row) => entries.push({ text: [...row.cells].map((cell) => cell.textContent).join(' · '), kind: `row of ${title}`, href: `#${nearestId(table)}`, row }));
  });
  document.querySelectorAll('main pre[data-prompt]').forEach((pre) => entries.push({ text: pre.textContent, kind: `prompt ${pre.dataset.prompt}`, href: `#${nearestId(pre)}` }));
  goldsets.forEach((data) => {
    data.sessions.forEach((session) => entries.push({ text: `${session.id} ${session.repo}`, kind: `session of ${data.goldset}`, href: `${address(data.goldset, 'session')}/${enc(session.id)}` }));
    data.classifiers.forEach((classifier) => classifier.rows.forEach((row) => {
      const words = [row.goldReason, row.reason, ...row.evidence.map(([, shows]) => shows)].filter(Boolean).join(' ');
      if (words) entries.push({ text: words, kind: `${classifier.title} of ${data.sessions[row.session].id}`, href: `${address(data.goldset, 'session')}/${enc(data.sessions[row.session].id)}` });
    }));
  });
  return entries.map((entry) => ({ ...entry, low: `${entry.text} ${entry.kind}`.toLowerCase() }));
};

const excerpt = (text, word) => {
  const at = text.toLowerCase().indexOf(word);
  const from = Math.max(0, at - 50);
  return `${from > 0 ? '…' : ''}${text.slice(from, from + 150)}${from + 150 < text.length ? '…' : ''}`;
};

const startSearch = () => {
  const form = document.querySelector('form.search');
  const field = form.querySelector('input');
  const results = form.querySelector('.results');
  let entries = null;
  const close = () => { results.hidden = true; results.replaceChildren(); };
  const look = () => {
    entries ??= indexOfPage();
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) { close(); return; }
    const found = entries.filter((entry) => words.every((word) => entry.low.includes(word)));
    const list = make('ul');
    found.slice(0, MOST).forEach((entry) => {
      const link = make('a', { href: entry.href }, make('small', {}, entry.kind), excerpt(entry.text, words[0]));
      link.addEventListener('click', () => {
        close();
        document.querySelectorAll('tr.found').forEach((row) => row.classList.remove('found'));
        if (!entry.row) return;
        entry.row.classList.add('found');
        setTimeout(() => entry.row.scrollIntoView({ block: 'center' }));
      });
      list.append(make('li', {}, link));
    });
    const said = found.length > MOST ? `${found.length} found, the first ${MOST} shown` : `${found.length} found`;
    results.replaceChildren(make('p', { role: 'status' }, said), list);
    results.hidden = false;
  };
  form.hidden = false;
  form.addEventListener('submit', (event) => { event.preventDefault(); results.querySelector('a')?.click(); });
  field.addEventListener('input', look);
  form.addEventListener('keydown', (event) => {
    const links = [...results.querySelectorAll('a')];
    const at = links.indexOf(document.activeElement);
    if (event.key === 'Escape') { field.value = ''; close(); field.focus(); }
    if (event.key === 'ArrowDown' && links.length) { links[Math.min(at + 1, links.length - 1)].focus(); event.preventDefault(); }
    if (event.key === 'ArrowUp' && at >= 0) { (links[at - 1] ?? field).focus(); event.preventDefault(); }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    field.focus();
    event.preventDefault();
  });
};
