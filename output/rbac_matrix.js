"use strict";
(function () {
  var search = document.getElementById("search");
  var shown = document.getElementById("shown");
  var rows = Array.prototype.slice.call(document.querySelectorAll("tbody tr"));
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });

  // A row is shown where it has all the words, in any order.
  function filter() {
    var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    var left = 0;
    rows.forEach(function (row, i) {
      var fits = words.every(function (word) { return texts[i].indexOf(word) >= 0; });
      row.hidden = !fits;
      if (fits) { left += 1; }
    });
    shown.textContent = words.length ? left + " of " + rows.length + " rows" : "";
  }
  search.addEventListener("input", filter);
  search.form.addEventListener("submit", function (event) { event.preventDefault(); });
  filter(); // what the browser has kept of a reload

  function value(row, column) {
    var cell = row.cells[column];
    return cell.getAttribute("data-sort") || cell.textContent;
  }
  var collator = new Intl.Collator(undefined, { numeric: true });
  document.querySelectorAll("thead button").forEach(function (button) {
    button.addEventListener("click", function () {
      var head = button.parentNode;
      var body = head.closest("table").tBodies[0];
      var down = head.getAttribute("aria-sort") === "ascending";
      Array.prototype.forEach.call(head.parentNode.cells, function (other) { other.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      var sorted = Array.prototype.slice.call(body.rows).sort(function (a, b) {
        var order = collator.compare(value(a, head.cellIndex), value(b, head.cellIndex));
        return down ? -order : order;
      });
      sorted.forEach(function (row) { body.appendChild(row); });
    });
  });
})();
