// What is wrong with the page as it is shown now, a line each; run inside it by check.py.
(async () => {
  const faults = [];
  const name = (element) => {
    const text = (element.textContent || element.alt || "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}"> ${text}`;
  };
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });

  // Nothing may reach beyond the window, but inside a region that scrolls by itself.
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    faults.push(`the page is ${document.documentElement.scrollWidth} pixels wide in a window of ${width}`);
  }
  const scrolls = (element) =>
    element && element !== document.body && (getComputedStyle(element).overflowX !== "visible" || scrolls(element.parentElement));
  for (const element of document.querySelectorAll("body *:not(caption)")) {
    const box = element.getBoundingClientRect();
    if (shown(element) && box.width > 0 && box.right > width + 0.5 && !scrolls(element.parentElement)) {
      faults.push(`${name(element)} ends at ${Math.round(box.right)} of ${width} pixels`);
    }
  }

  for (const picture of document.images) {
    await picture.decode().catch(() => faults.push(`${name(picture)} cannot be decoded`));
    if (!picture.naturalWidth) faults.push(`${name(picture)} has no pixels`);
    if (!picture.hasAttribute("alt")) faults.push(`${name(picture)} has no alternative text`);
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption?.textContent.trim()) faults.push(`${name(table)} has no caption`);
  }
  for (const drawing of document.querySelectorAll("svg:not([aria-hidden])")) {
    if (!drawing.getAttribute("aria-label")) faults.push(`${name(drawing)} has no description`);
  }
  for (const link of document.querySelectorAll("a[href^='#']")) {
    if (!document.getElementById(link.hash.slice(1))) faults.push(`${link.hash} leads nowhere`);
  }

  // Contrast of text against the colour behind it, by WCAG 2: 4.5, or 3 for large text.
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const parse = (colour) => (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [19, 22, 26] : [255, 255, 255];
  };
  const cell = (element) => {
    // A number in a matrix stands on its own rectangle, through which the ground is seen.
    const rect = element.parentElement.querySelector(":scope > rect");
    const [ground, top] = [document.querySelector("svg.matrix .ground"), rect].map((e) => e && getComputedStyle(e));
    if (!ground) return behind(element);
    const [under, over] = [parse(ground.fill), top ? parse(top.fill) : [0, 0, 0]];
    const share = top ? Number(top.fillOpacity) : 0;
    return under.map((v, i) => v * (1 - share) + over[i] * share);
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (words.nextNode()) {
    const element = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || seen.has(element) || !shown(element)) continue;
    seen.add(element);
    if (element.closest("title, caption, style")) continue;
    const style = getComputedStyle(element);
    const svg = element.tagName === "text";
    const colour = parse(svg ? style.fill : style.color);
    const ground = svg && element.closest(".right, .wrong") ? cell(element) : behind(element);
    const [high, low] = [light(colour), light(ground)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < least) faults.push(`${name(element)} has a contrast of ${ratio.toFixed(2)}`);
  }
  return faults;
})()
