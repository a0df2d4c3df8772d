// What is wrong with how a page looks: each function returns a list of findings, empty where all is well.

/** Elements that are wider than the window, stick out of their parent's box, or whose text is cut off. */
function findOverflow(selector) {
  const findings = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) findings.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const element of document.querySelectorAll(selector)) {
    const box = element.getBoundingClientRect();
    if (!box.width) continue;
    if (box.left < -0.5 || box.right > width + 0.5) findings.push(`${describe(element)}: ${box.left} to ${box.right}`);
    if (element.scrollWidth > element.clientWidth + 1) findings.push(`${describe(element)}: its content is cut off`);
  }
  return findings;
}

/** Pairs of elements that lie over one another, none being inside the other. */
function findOverlap(selector) {
  const boxes = [...document.querySelectorAll(selector)]
    .map((element) => ({ element, box: element.getBoundingClientRect() }))
    .filter(({ box }) => box.width && box.height)
    .sort((a, b) => a.box.top - b.box.top);
  const findings = [];
  boxes.forEach((one, place) => {
    for (const other of boxes.slice(place + 1)) {
      if (other.box.top >= one.box.bottom - 0.5) break;
      const isBeside = other.box.left >= one.box.right - 0.5 || one.box.left >= other.box.right - 0.5;
      if (!isBeside && !one.element.contains(other.element) && !other.element.contains(one.element)) {
        findings.push(`${describe(one.element)} and ${describe(other.element)}`);
      }
    }
  });
  return findings;
}

/** Texts in an element whose contrast with what is behind them is below a ratio (WCAG 2). */
function findLowContrast(least, selector = "body") {
  const findings = [];
  const walker = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
  let count = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    count += 1;
    const background = behind(element);
    const text = over(read(getComputedStyle(element).color), background);
    const ratio = contrast(text, background);
    if (ratio < least) findings.push(`${describe(element)}: ${ratio.toFixed(2)} ${text} on ${background}`);
  }
  return count ? findings : ["there is no text"];
}

function describe(element) {
  return `<${element.localName} class="${element.getAttribute("class") ?? ""}">${element.textContent.trim().slice(0, 30)}`;
}

function read(color) {
  const parts = color.match(/[\d.]+/g).map(Number);
  return color.startsWith("color(") ? [...parts.slice(0, 3).map((part) => 255 * part), parts[3] ?? 1] : [...parts.slice(0, 3), parts[3] ?? 1];
}

function over([r, g, b, alpha], below) {
  return [r, g, b].map((part, place) => part * alpha + below[place] * (1 - alpha));
}

function behind(element) {
  const layers = [];
  for (let each = element; each; each = each.parentElement) layers.unshift(read(getComputedStyle(each).backgroundColor));
  const canvas = matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  return layers.reduce((below, layer) => over(layer, below), canvas);
}

function luminance(color) {
  const [r, g, b] = color.map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
