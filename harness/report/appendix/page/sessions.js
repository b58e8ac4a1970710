// The browser of sessions: a confusion matrix whose cells are links, filters, and the sessions with both sides' words.
//
// The address says what is shown, so that it can be shared and the back button works:
//   #goldset/classifier            all sessions of a classifier
//   #goldset/classifier/3-5        gold says 3, the candidate says 5; either side may be empty
//   #goldset/classifier/differ     all on which they differ
//   #goldset/session/ID            one session, all classifiers
// Without the goldset the first one is meant.

const PAGE = 20;
const DIFFER = 'differ';
const browsers = new Map();
const enc = (text) => encodeURIComponent(text);
const address = (...parts) => `#${parts.map((part) => part.split('-').map(enc).join('-')).join('/')}`;

const readData = () => [...document.querySelectorAll('script[type="application/json"][data-goldset]')].map((island) => {
  const data = JSON.parse(island.textContent);
  // Fields that say nothing are left out of the file.
  data.classifiers.forEach((classifier) => classifier.rows.forEach((row, at, rows) => { rows[at] = { goldReason: '', reason: '', confidence: null, evidence: [], ...row }; }));
  return data;
});

/// What a cell's address means: labels may hold hyphens, so every way to split is tried.
const readCell = (classifier, text) => {
  if (text === DIFFER) return { differ: true, gold: '', said: '' };
  const golds = new Set(['', ...classifier.rows.map((row) => row.gold)]);
  const saids = new Set(['', ...classifier.rows.map((row) => row.said), ...classifier.labels]);
  classifier.labels.forEach((label) => golds.add(label));
  for (let at = text.indexOf('-'); at >= 0; at = text.indexOf('-', at + 1)) {
    const [gold, said] = [text.slice(0, at), text.slice(at + 1)];
    if (golds.has(gold) && saids.has(said)) return { differ: false, gold, said };
  }
  return null;
};

/// What an address asks for; null where it is an anchor like any other.
const readAddress = (hash) => {
  let parts;
  try { parts = hash.replace(/^#/, '').split('/').map(decodeURIComponent); } catch { return null; }
  let data = goldsets.find((one) => one.goldset === parts[0]);
  if (data) parts.shift();
  const [first, ...rest] = parts;
  const second = rest.join('/');
  if (!first) return null;
  const fits = (one) => (first === 'session' ? one.sessions.some((session) => session.id === second) : one.classifiers.some((classifier) => classifier.name === first));
  data = data ? (fits(data) ? data : null) : goldsets.find(fits);
  if (!data) return null;
  if (first === 'session') return { data, session: second };
  const classifier = data.classifiers.find((one) => one.name === first);
  const cell = second ? readCell(classifier, second) : { differ: false, gold: '', said: '' };
  return cell && { data, classifier, ...cell };
};

const choose = (select, values, value, all) => {
  select.replaceChildren(make('option', { value: '' }, all), ...values.map((one) => make('option', { value: one }, one)));
  select.value = values.includes(value) ? value : '';
};

const matrix = (data, state) => {
  const { classifier } = state;
  if (!classifier.labels.length) return make('p', { class: 'note' }, 'This classifier gives numbers, so there is no matrix; sessions stand below, those that differ most first.');
  const counts = new Map();
  classifier.rows.forEach((row) => { if (row.gold) counts.set(`${row.gold}\n${row.said}`, (counts.get(`${row.gold}\n${row.said}`) ?? 0) + 1); });
  const golds = classifier.labels.filter((label) => classifier.rows.some((row) => row.gold === label));
  const saids = classifier.labels.filter((label) => classifier.rows.some((row) => row.gold && (row.said === label || row.gold === label)));
  classifier.rows.forEach((row) => { if (row.gold && !classifier.labels.includes(row.said) && !saids.includes(row.said)) saids.push(row.said); });
  const table = make('table', { class: 'matrix' });
  table.append(make('caption', {}, `${classifier.title}: sessions by gold (rows) and candidate (columns)`));
  const head = make('tr', {}, make('td', { class: 'corner' }, 'gold \\ said'), ...saids.map((said) => make('th', { scope: 'col' }, said)));
  table.append(make('thead', {}, head));
  const body = make('tbody');
  golds.forEach((gold) => {
    const sum = saids.reduce((total, said) => total + (counts.get(`${gold}\n${said}`) ?? 0), 0);
    const row = make('tr', {}, make('th', { scope: 'row' }, gold));
    saids.forEach((said) => {
      const count = counts.get(`${gold}\n${said}`) ?? 0;
      const cell = make('td', { class: `l${Math.min(6, Math.ceil((count / sum) * 6 - 1e-9))}${gold === said ? ' same' : ''}` });
      if (count) {
        const link = make('a', { href: address(data.goldset, classifier.name, `${gold}-${said}`), 'aria-label': `gold ${gold}, candidate ${said}: ${count}` }, String(count));
        if (state.gold === gold && state.said === said) link.setAttribute('aria-current', 'true');
        cell.append(link);
      }
      row.append(cell);
    });
    body.append(row);
  });
  table.append(body);
  table.addEventListener('keydown', moveInMatrix);
  return make('div', { class: 'table', role: 'region', tabindex: '0', 'aria-label': `Confusion matrix of ${classifier.title}` }, table);
};

/// Arrow keys go to the next cell with sessions in that direction.
const moveInMatrix = (event) => {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  const from = event.target.closest('td');
  if (!step || !from) return;
  const rows = [...from.closest('tbody').rows];
  let [row, column] = [rows.indexOf(from.parentElement), from.cellIndex];
  for (;;) {
    row += step[0]; column += step[1];
    const cell = rows[row]?.cells[column];
    if (!cell) return;
    const link = cell.querySelector('a');
    if (link) { link.focus(); event.preventDefault(); return; }
  }
};

const telemetry = (data, session) => {
  if (!session.telemetry) return make('p', { class: 'note' }, 'No telemetry is known.');
  const list = make('dl', { class: 'telemetry' });
  data.measures.forEach((measure, at) => list.append(make('div', {}, make('dt', {}, measure), make('dd', {}, session.telemetry[at]))));
  return list;
};

const evidence = (data, at, row) => {
  const list = make('ul');
  row.evidence.forEach(([turn, shows]) => {
    const item = make('li', { dir: 'auto' }, make('strong', {}, `turn ${turn}: `), shows);
    const passage = data.passages?.[at]?.[turn];
    if (passage) item.append(make('details', { class: 'passage' }, make('summary', {}, `what turn ${turn} holds`), make('pre', { dir: 'auto' }, passage)));
    list.append(item);
  });
  return list;
};

const side = (who, label, style, ...words) => make('div', {}, make('h5', {}, who), make('p', { class: `label ${style}`, dir: 'auto' }, label), ...words);

const sides = (data, row) => {
  const reason = (text) => make('p', { class: 'reason', dir: 'auto' }, text);
  const said = [];
  if (row.confidence !== null) said.push(make('p', { class: 'count' }, `stated confidence ${row.confidence}`));
  if (row.reason) said.push(reason(row.reason));
  if (row.evidence.length) said.push(evidence(data, row.session, row));
  const gold = row.goldReason ? [reason(row.goldReason)] : [];
  return make('div', { class: row.gold && row.gold !== row.said ? 'sides differs' : 'sides' },
    side(`gold (${data.gold})`, row.gold || 'no label', 'gold', ...gold),
    side(data.candidate, row.said, 'said', ...said));
};

const meta = (data, session) => make('p', { class: 'meta' }, [session.repo, session.user && `user ${session.user}`, session.date, session.source].filter(Boolean).join(' · '));

const card = (data, row) => {
  const session = data.sessions[row.session];
  const title = make('h4', {}, make('a', { href: address(data.goldset, 'session') + '/' + enc(session.id) }, session.id));
  const numbers = make('details', {}, make('summary', {}, 'telemetry'), telemetry(data, session));
  return make('article', { class: 'session' }, title, meta(data, session), sides(data, row), numbers);
};

const whole = (data, id) => {
  const at = data.sessions.findIndex((session) => session.id === id);
  const session = data.sessions[at];
  const parts = data.classifiers.flatMap((classifier) => classifier.rows.filter((row) => row.session === at)
    .map((row) => [make('h4', {}, make('a', { href: address(data.goldset, classifier.name) }, classifier.title)), sides(data, row)])).flat();
  return make('article', { class: 'session' }, make('h4', {}, session.id), meta(data, session), telemetry(data, session), ...parts);
};

/// Fills the browser of a goldset.
const show = (state, shownRows = PAGE) => {
  const { data } = state;
  const { form, list, count, place } = browsers.get(data.goldset);
  const fields = form.elements;
  if (state.session) {
    fields.classifier.value = '';
    [fields.gold, fields.said, fields.differ, fields.words].forEach((field) => { field.disabled = true; });
    place.replaceChildren();
    count.textContent = `The session ${state.session}, by all classifiers.`;
    list.replaceChildren(whole(data, state.session));
    return;
  }
  [fields.gold, fields.said, fields.differ, fields.words].forEach((field) => { field.disabled = false; });
  const { classifier } = state;
  fields.classifier.value = classifier.name;
  const seen = (side) => [...new Set([...classifier.labels.filter((label) => classifier.rows.some((row) => row[side] === label)), ...(classifier.labels.length ? classifier.rows.map((row) => row[side]) : [])])].filter(Boolean);
  choose(fields.gold, seen('gold'), state.gold, 'any');
  choose(fields.said, seen('said'), state.said, 'any');
  fields.differ.checked = state.differ;
  place.replaceChildren(matrix(data, state));
  const words = fields.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (row) => {
    if (state.gold && row.gold !== state.gold) return false;
    if (state.said && row.said !== state.said) return false;
    if (state.differ && (!row.gold || row.gold === row.said)) return false;
    const session = data.sessions[row.session];
    const text = [session.id, session.repo, row.goldReason, row.reason, ...row.evidence.map(([, shows]) => shows)].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const rows = classifier.rows.filter(fits);
  count.textContent = `${rows.length} of ${classifier.rows.length} sessions`;
  const cards = rows.slice(0, shownRows).map((row) => card(data, row));
  const open = state.differ || (state.gold && state.said);
  if (open) cards.slice(0, 3).forEach((one) => { const passage = one.querySelector('details.passage'); if (passage) passage.open = true; });
  list.replaceChildren(...cards);
  if (shownRows < rows.length) {
    const more = make('button', { type: 'button', class: 'more' }, `show ${Math.min(PAGE, rows.length - shownRows)} more`);
    more.addEventListener('click', () => { show(state, shownRows + PAGE); list.children[shownRows]?.querySelector('a')?.focus(); });
    list.append(more);
  }
};

/// The address of what the form says.
const addressOf = (data, fields) => {
  const name = fields.classifier.value;
  if (fields.gold.value || fields.said.value) return address(data.goldset, name, `${fields.gold.value}-${fields.said.value}`);
  return fields.differ.checked ? address(data.goldset, name, DIFFER) : address(data.goldset, name);
};

const startBrowsers = () => {
  goldsets.forEach((data) => {
    const root = document.querySelector(`[data-browser="${CSS.escape(data.goldset)}"]`);
    const form = root.querySelector('form');
    const fields = form.elements;
    fields.classifier.replaceChildren(...data.classifiers.map((one) => make('option', { value: one.name }, one.title)));
    browsers.set(data.goldset, { root, form, list: root.querySelector('.list'), count: root.querySelector('.count'), place: root.querySelector('.place') });
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('change', (event) => {
      if (event.target === fields.words) return;
      if (event.target === fields.classifier) { fields.gold.value = ''; fields.said.value = ''; }
      if (event.target === fields.differ && fields.differ.checked) { fields.gold.value = ''; fields.said.value = ''; }
      if ((event.target === fields.gold || event.target === fields.said) && event.target.value) fields.differ.checked = false;
      history.pushState(null, '', addressOf(data, fields));
      show(readAddress(location.hash));
    });
    fields.words.addEventListener('input', () => show(readAddress(addressOf(data, fields))));
    root.hidden = false;
    show({ data, classifier: data.classifiers[0], gold: '', said: '', differ: false });
  });
};

/// Counts of the confusion tables lead to their sessions.
const linkTables = () => goldsets.forEach((data) => data.classifiers.forEach((classifier) => {
  const table = document.getElementById(`table-${data.goldset}-confusion-${classifier.name}`);
  if (!table) return;
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  // Long labels bear numbers, and only the numbers head the columns: `3 test` and `3`.
  const numbered = new Map([...table.tBodies[0].rows].map((row) => /^(\d+) (.+)$/.exec(row.cells[0].textContent)).filter(Boolean).map((found) => [found[1], found[2]]));
  const isNumbered = numbered.size > 1;
  [...table.tBodies[0].rows].forEach((row) => {
    const gold = isNumbered ? row.cells[0].textContent.replace(/^\d+ /, '') : row.cells[0].textContent;
    [...row.cells].slice(1).forEach((cell) => {
      const head = heads[cell.cellIndex];
      const said = isNumbered ? (numbered.get(head) ?? head) : head;
      if (!classifier.rows.some((one) => one.gold === gold && one.said === said)) return;
      cell.replaceChildren(make('a', { href: address(data.goldset, classifier.name, `${gold}-${said}`), 'aria-label': `gold ${gold}, candidate ${said}: ${cell.textContent}` }, cell.textContent));
    });
  });
}));

/// Follows the address to what it names.
const follow = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const state = target ? null : readAddress(location.hash);
  if (!state) return;
  browsers.get(state.data.goldset).form.elements.words.value = '';
  show(state);
  const { root } = browsers.get(state.data.goldset);
  const heading = root.querySelector('h3');
  heading.focus({ preventScroll: true });
  heading.scrollIntoView();
};
