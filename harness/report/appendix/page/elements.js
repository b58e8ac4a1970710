// Elements from names, attributes and texts; a text becomes a text node, never markup.

const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  element.append(...children.map((child) => (child === null || child === undefined ? '' : child)));
  return element;
};
