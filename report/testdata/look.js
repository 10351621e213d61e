// Looks at a page as it is drawn, and leaves what it found in place of it. A browser's window is never as narrow as a phone, so
// the page is: it has the phone's style by then. phone is its width, 0 for the window's.
(async () => {
  for (const d of document.querySelectorAll("details")) d.open = true;
  const found = { violations: [], wide: 0, outside: [], over: [], drawn: 0 };
  if (phone) document.body.style.width = phone + "px";
  found.wide = Math.max(0, document.body.scrollWidth - document.body.clientWidth, document.documentElement.scrollWidth - window.innerWidth);
  for (const svg of document.querySelectorAll("svg")) {
    found.drawn++;
    const room = svg.viewBox.baseVal;
    const texts = [...svg.querySelectorAll("text")].map((t) => ({ says: t.textContent, box: t.getBBox() }));
    texts.forEach(({ says, box }, i) => {
      if (box.x < -1 || box.y < -1 || box.x + box.width > room.width + 1 || box.y + box.height > room.height + 1) found.outside.push(says);
      for (const other of texts.slice(0, i)) {
        const b = other.box, slack = 3; // of what a letter's box is higher than the letter
        if (box.x < b.x + b.width - slack && b.x < box.x + box.width - slack && box.y < b.y + b.height - 2 * slack && b.y < box.y + box.height - 2 * slack)
          found.over.push(svg.querySelector("title").textContent + ": " + other.says + " and " + says);
      }
    });
  }
  const result = await axe.run();
  for (const v of result.violations) found.violations.push(v.id + ": " + v.nodes.map((n) => n.html.slice(0, 120)).slice(0, 3).join(" "));
  const pre = document.createElement("pre");
  pre.id = "looked";
  pre.textContent = JSON.stringify(found);
  document.body.replaceChildren(pre);
})();
