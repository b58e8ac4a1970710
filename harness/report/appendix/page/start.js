// Starts the page. Everything is made of elements and text nodes; no text of the data is ever read as markup.

const goldsets = readData();
document.querySelectorAll('main .table table').forEach((table) => {
  makeSortable(table);
  makeFilterable(table);
});
startBrowsers();
linkTables();
startSearch();
addEventListener('hashchange', follow);
addEventListener('popstate', () => { const state = readAddress(location.hash); if (state && !document.getElementById(decodeURIComponent(location.hash.slice(1)))) show(state); });
follow();

const narrow = matchMedia('(max-width: 63.99rem)');
const contents = document.querySelector('nav.contents details');
const fold = () => { contents.open = !narrow.matches; };
narrow.addEventListener('change', fold);
fold();
contents.addEventListener('click', (event) => { if (narrow.matches && event.target.closest('a')) contents.open = false; });
document.documentElement.dataset.ready = 'true';
