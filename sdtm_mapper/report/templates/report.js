"use strict";
// Search, filters and links into the page. Without this script the whole page can be read all the same.
(function () {
  var form = document.getElementById("filter");
  var sections = Array.from(document.querySelectorAll("details.rule"));
  var rows = [];
  sections.forEach(function (section) {
    section.querySelectorAll("tbody > tr").forEach(function (tr) {
      rows.push({ tr: tr, section: section, facts: tr.dataset, text: null });
    });
  });
  var fields = ["severity", "owner", "dataset", "site", "status"];

  function words(row) {
    if (row.text === null) {
      row.text = (row.section.dataset.words + " " + row.tr.textContent).toLowerCase().replace(/\s+/g, " ");
    }
    return row.text;
  }

  function apply() {
    var wanted = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    var chosen = fields.filter(function (f) { return form[f] && form[f].value !== ""; });
    var shown = 0;
    var alive = new Set();
    rows.forEach(function (row) {
      var fits = chosen.every(function (f) { return "=" + row.facts[f] === form[f].value; }) &&
        wanted.every(function (w) { return words(row).includes(w); });
      row.tr.hidden = !fits;
      if (fits) { shown += 1; alive.add(row.section); }
    });
    var idle = !wanted.length && !chosen.length;
    sections.forEach(function (s) { s.hidden = !idle && !alive.has(s); });
    form.querySelector("output").textContent = shown + " of " + rows.length + " rows";
    var state = new URLSearchParams();
    if (form.q.value) { state.set("q", form.q.value); }
    chosen.forEach(function (f) { state.set(f, form[f].value.slice(1)); });
    return state.toString();
  }

  function remember() {
    var state = apply();
    history.replaceState(null, "", state ? "#filter:" + state : "#findings");
  }

  function follow() {
    var hash = location.hash.slice(1);
    if (hash.startsWith("filter:")) {
      var state = new URLSearchParams(hash.slice(7));
      form.q.value = state.get("q") || "";
      fields.forEach(function (f) {
        if (form[f]) { form[f].value = state.has(f) ? "=" + state.get(f) : ""; }
      });
      apply();
      document.getElementById("findings").scrollIntoView();
      return;
    }
    var target = hash && document.getElementById(decodeURIComponent(hash));
    if (!target) { return; }
    if (target.hidden || target.closest("[hidden]")) { form.reset(); apply(); }
    for (var e = target; e; e = e.parentElement) { if (e.tagName === "DETAILS") { e.open = true; } }
    target.scrollIntoView();
  }

  form.hidden = false;
  form.addEventListener("input", remember);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("reset", function () { setTimeout(remember, 0); });
  var fold = document.getElementById("fold");
  fold.addEventListener("click", function () {
    var open = sections.some(function (s) { return s.open; });
    sections.forEach(function (s) { s.open = !open; });
    fold.textContent = open ? "Open all" : "Close all";
  });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (d) { d.open = true; });
  });
  window.addEventListener("hashchange", follow);
  apply();
  follow();
})();
