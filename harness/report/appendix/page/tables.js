// Tables: a button in each head cell sorts the rows, and long tables get a field that leaves rows out.

/// What a cell sorts by: its first number, else its text; cells that say nothing come last whichever way is sorted.
const sortKey = (text) => {
  const bare = text.trim();
  if (bare === '' || bare === 'n/a' || bare === 'suppressed' || bare === 'no value') return null;
  const number = /^[<\[(]?\s*([-−]?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?)/.exec(bare);
  return number ? Number(number[1].replace(/,/g, '').replace('−', '-')) : bare.toLowerCase();
};

const sortTable = (table, column, direction) => {
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, at) => ({ row, at: Number(row.dataset.at ?? at), key: sortKey(row.cells[column]?.textContent ?? '') }));
  const numbers = rows.filter((one) => typeof one.key === 'number').length;
  const texts = rows.filter((one) => typeof one.key === 'string').length;
  // A column is of one kind: labels like `3` among `build` sort as text.
  if (numbers > 0 && texts > 0) rows.forEach((one) => { if (one.key !== null) one.key = one.row.cells[column].textContent.trim().toLowerCase(); });
  const order = (a, b) => (typeof a === 'number' ? a - b : a.localeCompare(b, 'en', { numeric: true }));
  rows.sort((a, b) => {
    if (direction === 'none') return a.at - b.at;
    if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.at - b.at;
    return (direction === 'ascending' ? 1 : -1) * order(a.key, b.key) || a.at - b.at;
  });
  body.append(...rows.map((one) => one.row));
};

const makeSortable = (table) => {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  const rows = [...(table.tBodies[0]?.rows ?? [])];
  if (rows.length < 2) return;
  rows.forEach((row, at) => { row.dataset.at = at; });
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const next = { ascending: 'descending', descending: 'none' }[head.getAttribute('aria-sort')] ?? 'ascending';
      heads.forEach((other) => other.removeAttribute('aria-sort'));
      if (next !== 'none') head.setAttribute('aria-sort', next);
      sortTable(table, column, next);
    });
  });
};

const makeFilterable = (table) => {
  const rows = [...(table.tBodies[0]?.rows ?? [])];
  if (rows.length < 10) return;
  const title = table.caption?.textContent ?? 'the table';
  const tools = make('div', { class: 'rows' });
  const field = make('input', { type: 'search', 'aria-label': `Rows of: ${title}`, placeholder: 'only rows with …' });
  const count = make('span', { class: 'count', role: 'status' });
  tools.append(field, ' ', count);
  table.closest('.table').before(tools);
  const texts = rows.map((row) => row.textContent.toLowerCase());
  field.addEventListener('input', () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, at) => {
      row.hidden = !words.every((word) => texts[at].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    count.textContent = words.length ? `${shown} of ${rows.length} rows` : '';
  });
};
