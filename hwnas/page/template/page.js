"use strict";
(async () => {
  const { figures, shared, tables, colors } = JSON.parse(document.getElementById("figures").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const coarse = matchMedia("(pointer: coarse)");
  const said = document.getElementById("said");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  let printing = false;

  // A chart refers to values that several charts share, and names its colours.
  const columnOf = (trace, name) => {
    const table = tables[trace.table];
    const rows = Array.isArray(trace.rows) ? trace.rows : [...Array(trace.rows).keys()];
    if (name === "predicted") return rows.map((row) => table.predicted[row]);
    const values = shared[table.data][name];
    return rows.map((row) => values[table.place[row]]);
  };
  const colored = (part, theme) => {
    if (Array.isArray(part) || part === null || typeof part !== "object") return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, value]) => [
        key,
        /color$/.test(key) && theme[value] ? theme[value] : colored(value, theme),
      ]),
    );
  };
  // Plotly does not break the lines of a hover label, and cuts what is wider than the chart.
  const folded = (text, width) => {
    const characters = text.match(/&\w+;|./gu) || [];
    const lines = [];
    for (let at = 0; at < characters.length; at += width)
      lines.push(characters.slice(at, at + width).join(""));
    return lines.join("<br>");
  };
  const traceOf = (trace, theme, width) => {
    const { table, rows, band, ...made } = colored(trace, theme);
    if (!table) return made;
    for (const key of ["x", "y", "text"]) made[key] = columnOf(trace, trace[key]);
    made.text = made.text.map((text) => folded(text, width));
    const columns = trace.customdata.map((name) => columnOf(trace, name));
    made.customdata = made.x.map((_, row) => columns.map((column) => column[row]));
    return made;
  };

  const bandOf = ({ band, x, line }, theme) => band ? [{
    type: "scatter", mode: "lines", meta: "band", hoverinfo: "skip", showlegend: false,
    x: [...x, ...x.slice().reverse()], y: [...band[0], ...band[1].slice().reverse()],
    fill: "toself", fillcolor: theme[`${line.color}~`], line: { width: 0 },
  }] : [];

  const short = (name) => {
    const characters = name.match(/&\w+;|./gu) || [];
    return characters.length > 22 ? `${characters.slice(0, 21).join("")}…` : name;
  };
  // Plotly would make room for labels that are beside the lines within the plot.
  const rangeOf = (traces, axis) => {
    const log = axis.type === "log";
    const xs = traces.flatMap((t) => t.x).map((x) => (log ? Math.log10(x) : x));
    const low = Math.min(...xs), high = Math.max(...xs);
    const pad = 0.06 * (high - low) || 0.5;
    return [low - pad, high + pad];
  };

  // Lines get their names at their right ends, unless the chart has a legend.
  const endLabels = (traces, layout, height) => {
    const lines = traces.filter((t) => t.name && t.meta !== "band" && t.mode === "lines+markers");
    if (layout.showlegend || lines.length < 1) return [];
    const ys = traces.flatMap((t) => t.y).filter((y) => y !== null);
    const [low, high] = layout.yaxis.range || [Math.min(...ys), Math.max(...ys)];
    const span = high - low || 1;
    const step = (15 / (height - 90)) * span * 1.1;
    const log = layout.xaxis.type === "log";
    const ends = lines
      .map((t) => ({ t, x: t.x[t.x.length - 1], y: t.y[t.y.length - 1] }))
      .sort((a, b) => a.y - b.y);
    let last = -Infinity;
    for (const end of ends) {
      end.place = Math.max(end.y, last + step);
      last = end.place;
    }
    // What was pushed above the top moves down again. Plotly hides labels above a given range.
    let next = low + span * (layout.yaxis.range ? 0.98 : 1.02);
    for (const end of ends.slice().reverse()) {
      end.place = Math.min(end.place, next);
      next = end.place - step;
    }
    return ends.map(({ t, x, y, place }) => ({
      x: log ? Math.log10(x) : x, y: place, xanchor: "left", xshift: 8, showarrow: false,
      text: short(t.name), font: { color: t.line.color, size: 13 },
    }));
  };

  const draw = (node, width) => {
    const theme = colors[dark.matches && !printing ? "dark" : "light"];
    const { data, layout } = figures[node.dataset.chart];
    const characters = Math.max(20, Math.floor((width || node.clientWidth) / 9) - 6);
    const traces = [...data.flatMap((trace) => bandOf(trace, theme)),
      ...data.map((trace) => traceOf(trace, theme, characters))];
    const made = colored(layout, theme);
    const height = printing ? 320 : node.clientHeight || 320;
    const axis = {
      gridcolor: theme["@grid"], linecolor: theme["@grey"], zerolinecolor: theme["@grid"],
      automargin: true, fixedrange: coarse.matches,
    };
    for (const name of ["xaxis", "yaxis"]) {
      made[name] = { ...axis, ...made[name] };
      if (made[name].title) made[name].title = { ...made[name].title, standoff: 10 };
    }
    const annotations = endLabels(traces, made, height);
    if (annotations.length) made.xaxis.range = rangeOf(traces, made.xaxis);
    const longest = Math.max(0, ...annotations.map((a) => a.text.length));
    made.font = { color: theme["@ink"], size: 13, family: getComputedStyle(document.body).fontFamily };
    Object.assign(made, {
      annotations, height, width: width || undefined, autosize: !width,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 56, r: 14 + (annotations.length ? Math.min(8 + longest * 7.4, 150) : 0), t: 12, b: 48 },
      legend: { orientation: "h", y: 1.02, x: 0, yanchor: "bottom", itemsizing: "constant" },
      showlegend: made.showlegend === true,
      hovermode: "closest", dragmode: coarse.matches ? false : "zoom",
      hoverlabel: { bgcolor: theme["@paper"], bordercolor: theme["@ink"], align: "left",
        font: { color: theme["@ink"], size: 13, family: made.font.family }, namelength: -1 },
    });
    const settings = {
      responsive: !width, displayModeBar: false, doubleClick: "reset",
    };
    node.dataset.drawn = "yes";
    return Plotly.react(node, traces, made, settings);
  };
  const visible = (node) => node.offsetParent !== null;
  const drawVisible = (again) => {
    for (const node of all("[data-chart]"))
      if (visible(node) && (again || !node.dataset.drawn)) draw(node);
  };

  // Choosing a data set, a number of measurements, an experiment.
  const chooseData = document.getElementById("choose-data");
  const show = () => {
    const key = chooseData ? chooseData.value : null;
    if (key) for (const node of all("[data-d]")) node.hidden = node.dataset.d !== key;
    for (const select of all(".choose-size"))
      for (const node of all(`div[data-d="${select.dataset.of}"] [data-n]`))
        node.hidden = node.dataset.n !== select.value;
    for (const select of all(".choose-size"))
      for (const row of all(`div[data-d="${select.dataset.of}"] [data-size]`))
        row.classList.toggle("chosen", row.dataset.size === select.value && select.options.length > 1);
    for (const select of all(".choose-run"))
      for (const option of select.options)
        document.querySelector(`[data-r="${option.value}"]`).hidden = option.value !== select.value;
    drawVisible(false);
  };
  for (const select of all("select")) {
    select.addEventListener("change", () => {
      if (select === chooseData) keepSize();
      show();
      said.textContent = `Shown: ${select.selectedOptions[0].textContent}`;
    });
  }
  for (const form of all("form")) form.addEventListener("submit", (event) => event.preventDefault());
  // Another data set opens with the same number of measurements, if it has it.
  let size = null;
  for (const select of all(".choose-size"))
    select.addEventListener("change", () => { size = select.value; });
  const keepSize = () => {
    for (const select of all(".choose-size"))
      if (size && [...select.options].some((option) => option.value === size)) select.value = size;
  };

  // Sorting tables.
  const sortBy = (table, place, button) => {
    const head = button.closest("th");
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of all("th", table.tHead)) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = table.tBodies[0];
    const numeric = head.classList.contains("num");
    const keyed = [...body.rows].map((row) => {
      const text = row.cells[place].textContent.trim();
      // A mean with its spread is sorted by the mean.
      return { row, value: numeric ? parseFloat(text.replace(/,/g, "")) : text };
    });
    // Cells without a number stay at the end.
    keyed.sort((a, b) => {
      if (Number.isNaN(a.value) || Number.isNaN(b.value))
        return Number.isNaN(a.value) - Number.isNaN(b.value);
      const order = numeric ? a.value - b.value : a.value.localeCompare(b.value, "en", { numeric: true });
      return up ? order : -order;
    });
    body.append(...keyed.map(({ row }) => row));
    said.textContent = `Sorted by ${button.textContent}, ${up ? "ascending" : "descending"}`;
  };
  for (const table of all("table.sortable"))
    all("thead button", table).forEach((button, place) =>
      button.addEventListener("click", () => sortBy(table, place, button)));

  // Arrow keys read the points of a chart: left and right along a line, up and down between lines.
  const plain = (markup) => {
    const text = markup.replace(/<br>/g, ", ").replace(/<[^>]*>/g, "");
    return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
  };
  for (const node of all("[data-chart]")) {
    const at = { line: 0, point: -1 };
    node.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
      const step = steps[event.key];
      if (!step || !node.data) return;
      event.preventDefault();
      const lines = node.data.map((trace, i) => [trace, i]).filter(([t]) => t.hoverinfo !== "skip");
      at.line = (at.line + step[0] + lines.length) % lines.length;
      const [trace, curveNumber] = lines[at.line];
      const n = trace.x.length;
      at.point = Math.max(0, Math.min(n - 1, at.point + step[1]));
      Plotly.Fx.hover(node, [{ curveNumber, pointNumber: at.point }]);
      const name = trace.name ? `${plain(trace.name)}: ` : "";
      const what = trace.text ? `${plain(String(trace.text[at.point]))}, ` : "";
      said.textContent = `${name}${what}x ${trace.x[at.point]}, y ${trace.y[at.point]}`;
    });
  }

  dark.addEventListener("change", () => drawVisible(true));
  addEventListener("beforeprint", () => {
    printing = true;
    for (const node of all("[data-chart]")) if (visible(node)) draw(node, 680);
  });
  addEventListener("afterprint", () => {
    printing = false;
    drawVisible(true);
  });
  // Plotly lies in the page compressed. Its hash is in the page's content security policy.
  const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), (c) => c.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const plotly = document.createElement("script");
  plotly.textContent = await new Response(unpacked).text();
  document.head.append(plotly);
  // A chart that was drawn while it was hidden, or for another width, is drawn when it is shown.
  show();
  document.documentElement.dataset.ready = "yes";
})();
