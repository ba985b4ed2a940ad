"use strict";
(function () {
  var search = document.getElementById("search");
  var shown = document.getElementById("shown");
  var answer = document.getElementById("answer");
  var part = document.getElementById("part");
  function all(selector, parent) { return Array.prototype.slice.call((parent || document).querySelectorAll(selector)); }
  var rows = all(".scroll table:not(.paper) tbody tr");
  var texts = rows.map(function (row) { return row.textContent.toLowerCase(); });

  // The grants of each role, and the roles of each user, as the tables have them.
  var roles = all("table.roles tbody tr").map(function (row) {
    return {
      row: row, name: row.cells[0].textContent, grants: all("li[data-key]", row).map(function (item) {
        return { text: item.textContent, access: item.getAttribute("data-access"), key: item.getAttribute("data-key"), end: item.getAttribute("data-end") };
      })
    };
  });
  var users = all("table.users tbody tr").map(function (row) {
    var held = row.getAttribute("data-roles").split(" ").filter(Boolean).map(function (id) { return roles[Number(id)]; });
    return { row: row, name: row.cells[0].textContent, root: row.hasAttribute("data-root"), roles: held };
  });

  // Keys are compared as the server compares them: byte by byte. The order of hexadecimal
  // digits is the same.
  function hexOf(text) {
    return Array.prototype.map.call(new TextEncoder().encode(text), function (b) { return ("0" + b.toString(16)).slice(-2); }).join("");
  }
  function covers(grant, key) {
    if (grant.end === "") { return grant.key === key; }
    return grant.key <= key && (grant.end === "00" || key < grant.end);
  }
  function everything(grant) { return grant.key <= "00" && grant.end === "00"; }

  // A word with a slash is a key, and so is one that a grant covers, unless the grant
  // covers everything.
  function keyOf(word) {
    var key = hexOf(word);
    var named = word.indexOf("/") >= 0 || roles.some(function (role) {
      return role.grants.some(function (grant) { return !everything(grant) && covers(grant, key); });
    });
    return named ? key : null;
  }

  // accessTo returns what a user may do with a key, and with keys that begin with it.
  function accessTo(user, key) {
    var found = { whole: [], below: [], read: false, write: false };
    if (user.root) {
      found.whole.push("role root: every key");
      found.read = found.write = true;
    }
    user.roles.forEach(function (role) {
      role.grants.forEach(function (grant) {
        if (role.name === "root") { return; }
        if (covers(grant, key)) {
          found.whole.push("role " + role.name + ": " + grant.text);
          found.read = found.read || grant.access.indexOf("read") === 0;
          found.write = found.write || grant.access !== "read";
        } else if (grant.key.indexOf(key) === 0) {
          found.below.push("role " + role.name + ": " + grant.text);
        }
      });
    });
    return found;
  }

  function element(name, text, parent) {
    var made = document.createElement(name);
    made.textContent = text;
    parent.appendChild(made);
    return made;
  }

  // tell lists every user with access to the key, whatever the other words are.
  function tell(word, key) {
    element("h3", "Who may read or write " + word, answer);
    var list = element("ul", "", answer), below = [], count = 0;
    users.forEach(function (user) {
      var found = accessTo(user, key);
      if (found.whole.length) {
        count += 1;
        element("li", user.name + ": " + (found.read && found.write ? "read and write" : found.read ? "read" : "write") + " (" + found.whole.join("; ") + ")", list);
      } else if (found.below.length) {
        below.push(user.name + " (" + found.below.join("; ") + ")");
      }
    });
    if (!count) { element("li", "no user", list); }
    if (below.length) {
      element("h3", "Only keys that begin with " + word, answer);
      list = element("ul", "", answer);
      below.forEach(function (text) { element("li", text, list); });
    }
    if (part) { element("p", part.textContent, answer); }
  }

  // mayTouch reports whether a row is about a user with access to the key, or a role with a
  // grant for it.
  function mayTouch(row, key) {
    var user = users.filter(function (u, i) { return u.row === row || row.getAttribute("data-user") === String(i); })[0];
    if (user) { return accessTo(user, key).whole.length > 0; }
    var role = roles.filter(function (r) { return r.row === row; })[0];
    return Boolean(role) && role.grants.some(function (grant) { return covers(grant, key); });
  }

  // A row is shown if it has all the words, in any order. For a key, having access to it
  // counts as having the word.
  function filter() {
    var words = search.value.split(/\s+/).filter(Boolean).map(function (word) { return { text: word.toLowerCase(), word: word, key: keyOf(word) }; });
    var left = 0, keys = words.filter(function (w) { return w.key !== null; });
    rows.forEach(function (row, i) {
      var fits = words.every(function (w) { return texts[i].indexOf(w.text) >= 0 || w.key !== null && mayTouch(row, w.key); });
      row.hidden = !fits;
      if (fits) { left += 1; }
    });
    answer.textContent = "";
    keys.forEach(function (w) { tell(w.word, w.key); });
    answer.hidden = keys.length === 0;
    shown.textContent = words.length ? left + " of " + rows.length + " rows; the others are hidden" : "";
  }
  search.addEventListener("input", filter);
  search.form.addEventListener("submit", function (event) { event.preventDefault(); });
  filter(); // what the browser has kept of a reload

  // The target of a link may be hidden by the search.
  window.addEventListener("hashchange", function () {
    var target = document.getElementById(location.hash.slice(1));
    if (target && target.hidden) {
      search.value = "";
      filter();
      target.scrollIntoView();
    }
  });

  function value(row, column) {
    var cell = row.cells[column];
    return cell.getAttribute("data-sort") || cell.textContent;
  }
  var collator = new Intl.Collator(undefined, { numeric: true });
  all("thead button").forEach(function (button) {
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
