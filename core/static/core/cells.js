// Cells as a spreadsheet copies them: tabs and lines, quotation marks around what holds either.
export const cellsOf = (text) => {
  const rows = [[]];
  let cell = "", quoted = false, begun = false;
  const end = () => { rows.at(-1).push(cell.replace(/\s+/g, " ").trim()); cell = ""; begun = false; };
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[at + 1] === '"') { cell += '"'; at += 1; }
      else quoted = false;
    } else if (sign === '"' && !begun) { quoted = true; begun = true; }
    else if (sign === "\t") end();
    else if (sign === "\n") { end(); rows.push([]); }
    else if (sign !== "\r") { cell += sign; begun = true; }
  }
  end();
  while (rows.length && rows.at(-1).every((one) => one === "")) rows.pop();
  return rows;
};
