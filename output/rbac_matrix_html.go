package output

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // the page's style and script
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ectl-io/ectl/internal/access"
	"github.com/ectl-io/ectl/internal/access/lint"
	"github.com/ectl-io/ectl/internal/quantity"
)

//go:embed rbac_matrix.css
var accessPageStyle string

//go:embed rbac_matrix.js
var accessPageScript string

// maxGrid is the maximum number of cells of the matrix on a page. Browsers are slow to
// lay out more, and so large a table is hard to read.
const maxGrid = 20_000

// accessPage writes the page of an access review. text and code escape everything that
// comes from the cluster. The page forbids all requests, and all scripts and styles
// except its own.
type accessPage struct {
	AccessMatrix
	w *bufio.Writer
}

// writeAs implements selfWriter. Flush returns errors of writing.
func (r AccessMatrix) writeAs(format Format, w *bufio.Writer) (bool, error) { //nolint:unparam // the interface has an error for policies
	if format != HTML {
		return false, nil
	}
	p := accessPage{r, w}
	p.head()
	p.summary()
	p.since()
	p.findings()
	p.users()
	p.grid()
	p.roles()
	p.signOff()
	p.raw("</main>\n<script>", accessPageScript, "</script>\n</body>\n</html>\n")
	return true, nil
}

// raw writes markup.
func (p accessPage) raw(markup ...string) {
	for _, m := range markup {
		_, _ = p.w.WriteString(m)
	}
}

// text writes text.
func (p accessPage) text(s string) { p.raw(html.EscapeString(s)) }

// code writes a key, range or command line.
func (p accessPage) code(s string) {
	p.raw("<code>")
	p.breakable(s)
	p.raw("</code>")
}

// breakable writes text whose lines may be broken before a slash inside a word.
func (p accessPage) breakable(s string) {
	pieces := strings.Split(s, "/")
	for i, piece := range pieces {
		if i > 0 {
			p.raw("/")
		}
		p.text(piece)
		if piece != "" && !strings.HasSuffix(piece, " ") && i < len(pieces)-1 {
			p.raw("<wbr>")
		}
	}
}

// name writes the name of a user, a role or a rule. On paper, a short one is never broken.
func (p accessPage) name(s string) {
	const short = 24
	if utf8.RuneCountInString(s) > short {
		p.text(s)
		return
	}
	p.raw("<span class=\"name\">")
	p.text(s)
	p.raw("</span>")
}

// cell writes the start of a cell. On a narrow screen, label stands in place of the head.
func (p accessPage) cell(label string, attributes ...string) {
	p.raw("<td data-label=\"")
	p.text(label)
	p.raw("\"")
	p.raw(attributes...)
	p.raw(">")
}

// hash returns the source expression that allows inline text in a content security
// policy.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (p accessPage) head() {
	p.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src `, hash(accessPageStyle), "; script-src ", hash(accessPageScript),
		"; base-uri 'none'; form-action 'none'\">\n",
		"<meta name=\"viewport\" content=\"width=device-width\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>")
	p.text("Access review of etcd cluster " + p.clusterName() + ", " + p.Cluster.At.UTC().Format("2006-01-02"))
	p.raw("</title>\n<style>", accessPageStyle, "</style>\n</head>\n<body>\n<main>\n<h1>Access review</h1>\n")
}

func (p accessPage) clusterName() string { return strconv.FormatUint(p.Cluster.ID, 16) }

// summary writes the subject of the review, the users with role root, and the users
// without a password.
func (p accessPage) summary() {
	p.raw("<dl>\n")
	term := func(name string, write func()) {
		p.raw("<dt>", name, "</dt><dd>")
		write()
		p.raw("</dd>\n")
	}
	words := func(s string) func() { return func() { p.text(s) } }
	term("Cluster", func() { p.code(p.clusterName()) })
	term("Endpoints", func() { p.code(strings.Join(p.Cluster.Endpoints, ", ")) })
	term("Date", words(p.Cluster.At.UTC().Format("2006-01-02 15:04:05 MST")))
	authentication := AuthSwitched{Enabled: p.Cluster.Enabled}.state()
	if p.Cluster.Revision > 0 {
		authentication += fmt.Sprintf(", revision %d", p.Cluster.Revision)
	}
	term("Authentication", words(authentication))
	term("Digest of the access", func() { p.code(p.digest()) })
	if p.Made.Command != "" {
		term("Made by", func() {
			p.text("ectl " + p.Made.Version + ": ")
			p.code(p.Made.Command)
		})
	}
	term("Users and roles", words(quantity.Of(len(p.State.Users), "user")+", "+quantity.Of(len(p.State.Roles), "role")))
	if !(access.SetOf(p.Keys).IsEveryKey()) {
		term("Of the keys", func() { p.code(p.Keys.String()) })
	}
	var root, without []string
	for _, u := range p.Users {
		if u.Root {
			root = append(root, plainName(u.Name))
		}
		if p.WithoutPassword[u.Name] {
			without = append(without, plainName(u.Name))
		}
	}
	term("Hold the role root", words(namesOrNone(root)))
	switch {
	case p.WithoutPassword != nil:
		term("Have no password", words(namesOrNone(without)))
	case p.Cluster.Enabled:
		term("Have no password", words("unknown: etcd has no list of them; --check-passwords finds them"))
	default:
		term("Have no password", words("unknown while authentication is off"))
	}
	p.raw("</dl>\n")
	if !p.Cluster.Enabled {
		p.raw("<p class=\"warning\">Authentication is off: every client that reaches the cluster may do everything. The rest of this page applies once it is on.</p>\n")
	}
	p.raw("<form class=\"tools\"><label for=\"search\">Search <input id=\"search\" type=\"search\" autocomplete=\"off\" placeholder=\"user, role, rule, or a key such as /app/x\"></label>",
		"<output id=\"shown\" class=\"soft\" for=\"search\"></output></form>\n",
		"<section id=\"answer\" aria-live=\"polite\" hidden></section>\n")
	if !access.SetOf(p.Keys).IsEveryKey() {
		p.raw("<p class=\"soft\" id=\"part\">This review is of a part of the keys. Access to other keys is not shown.</p>\n")
	}
}

func namesOrNone(names []string) string {
	if len(names) == 0 {
		return "no user"
	}
	return strings.Join(names, ", ")
}

// table writes a table with columns that can be sorted by a click.
func (p accessPage) table(id, title, class string, columns []string, rows func()) {
	p.raw("<h2 id=\"", id, "\">")
	p.text(title)
	p.raw("</h2>\n<div class=\"scroll\"><table class=\"", class, "\" aria-labelledby=\"", id, "\">\n<thead><tr>")
	for _, column := range columns {
		p.raw("<th scope=\"col\"><button type=\"button\">")
		p.text(column)
		p.raw("</button></th>")
	}
	p.raw("</tr></thead>\n<tbody>\n")
	rows()
	p.raw("</tbody>\n</table></div>\n")
}

// note writes a sentence instead of a table.
func (p accessPage) note(id, title, sentence string) {
	p.raw("<h2 id=\"", id, "\">")
	p.text(title)
	p.raw("</h2>\n<p class=\"soft\">")
	p.text(sentence)
	p.raw("</p>\n")
}

// lines writes a cell with a line for each of items.
func (p accessPage) lines(label string, items []string, write func(string)) {
	p.cell(label)
	if len(items) > 0 {
		p.raw("<ul>")
		for _, item := range items {
			p.raw("<li>")
			write(item)
			p.raw("</li>")
		}
		p.raw("</ul>")
	}
	p.raw("</td>")
}

// since writes the differences to the earlier review.
func (p accessPage) since() {
	const id = "since"
	switch {
	case p.Since == nil:
		return
	case len(p.Since.Effects) == 0:
		p.note(id, "Changes", p.Since.title())
		return
	}
	p.table(id, "Changes since "+p.Since.Date.UTC().Format("2006-01-02 15:04 MST"), "since", []string{"User", "Change"}, func() {
		for _, e := range p.Since.Effects {
			p.raw("<tr><th scope=\"row\">")
			p.name(cell([]byte(e.User)) + fate(e))
			p.raw("</th>")
			var changes []string
			for _, c := range consequences(e) {
				changes = append(changes, glyph(c.action)+" "+c.text)
			}
			p.lines("Change", changes, p.code)
			p.raw("</tr>\n")
		}
	})
}

func (p accessPage) findings() {
	const id, title = "findings", "Findings"
	if len(p.Lint.Findings) == 0 {
		p.note(id, title, "None.")
		return
	}
	columns := []string{"Severity", "Rule", "Object", "Why", "To fix it", "Waived"}
	p.table(id, title+": "+p.Lint.counts(), "findings", columns, func() {
		for _, f := range p.Lint.Findings {
			class := ""
			if f.Waived != "" {
				class = " class=\"waived\""
			}
			severity := f.Rule.Severity.String()
			p.raw("<tr", class, ">")
			p.cell(columns[0], " data-sort=\"", strconv.Itoa(int(lint.High-f.Rule.Severity)), "\"")
			p.raw("<span class=\"mark ", severity, "\">", severity, "</span></td>")
			p.cell(columns[1])
			p.name(f.Rule.Name)
			p.raw("</td>")
			p.cell(columns[2])
			p.code(f.object())
			p.raw("</td>")
			p.cell(columns[3])
			p.breakable(f.Why)
			p.raw("</td>")
			p.lines(columns[4], f.CommandLines, p.code)
			p.cell(columns[5])
			p.text(f.Waived)
			p.raw("</td></tr>\n")
		}
	})
}

// roleIDs returns the numbers of the roles, which identify their rows.
func (p accessPage) roleIDs() map[string]string {
	ids := map[string]string{}
	for i, name := range p.State.RoleNames() {
		ids[name] = strconv.Itoa(i)
	}
	return ids
}

func (p accessPage) users() {
	ids := p.roleIDs()
	columns := []string{"User", "Root", "Password", "Roles", "May read", "May write"}
	p.table("users", "Users", "users", columns, func() {
		for i, u := range p.Users {
			var held []string
			for _, role := range u.Roles {
				if id, exists := ids[role]; exists {
					held = append(held, id)
				}
			}
			p.raw("<tr id=\"user-", strconv.Itoa(i), "\" data-roles=\"", strings.Join(held, " "), "\"")
			if u.Root {
				p.raw(" data-root")
			}
			p.raw("><th scope=\"row\">")
			p.name(cell([]byte(u.Name)))
			p.raw("</th>")
			p.cell(columns[1])
			if u.Root {
				p.raw("<span class=\"mark high\">root</span>")
			}
			p.raw("</td>")
			p.cell(columns[2])
			p.raw(p.password(u.Name), "</td>")
			p.lines(columns[3], u.Roles, func(role string) { p.link("role-", ids[role], cell([]byte(role))) })
			p.lines(columns[4], rangeNames(u.Read), p.code)
			p.lines(columns[5], rangeNames(u.Write), p.code)
			p.raw("</tr>\n")
		}
	})
}

// link writes text as a link to the row with the prefix and the ID, or as text if there
// is no such row.
func (p accessPage) link(prefix, id, text string) {
	if id == "" {
		p.name(text)
		return
	}
	p.raw("<a href=\"#", prefix, id, "\">")
	p.name(text)
	p.raw("</a>")
}

func rangeNames(s access.Set) []string {
	ranges := s.Ranges()
	names := make([]string, 0, len(ranges))
	for _, r := range ranges {
		names = append(names, r.String())
	}
	return names
}

// grid writes the matrix itself.
func (p accessPage) grid() {
	const id, title = "matrix", "Users by ranges"
	switch cells := len(p.Users) * len(p.Ranges); {
	case cells == 0:
		return
	case cells > maxGrid:
		p.note(id, title, fmt.Sprintf("%d users by %d ranges are too many cells for a page: -w csv writes them for a spreadsheet, and a key or prefix behind the command takes a part of them.",
			len(p.Users), len(p.Ranges)))
		return
	}
	p.raw("<h2 id=\"", id, "\">", title, "</h2>\n<p class=\"legend soft\"><span class=\"whole\">R</span> may read, <span class=\"whole\">W</span> may write, ",
		"<span class=\"whole\">RW</span> both, of the whole range; <span class=\"part\">(R)</span> <span class=\"part\">(W)</span> of a part of it</p>\n")
	pages := p.printed()
	class := "grid"
	if len(pages) > 1 {
		class = "grid screen"
	}
	p.matrix(id, class, 0, len(p.Ranges))
	if len(pages) > 1 {
		from := 0
		for _, to := range pages {
			p.matrix(id, "grid paper", from, to)
			from = to
		}
	}
}

// paperWidth is the number of characters that a printed line of the matrix has.
const paperWidth = 120

// printed returns the ends of the parts into which the columns of the matrix are split for
// paper.
func (p accessPage) printed() []int {
	const padding, longest = 3, 30
	names := 0
	for _, u := range p.Users {
		names = max(names, min(utf8.RuneCountInString(cell([]byte(u.Name))), longest))
	}
	var ends []int
	width := names + padding
	for i, r := range p.Ranges {
		column := 0
		for piece := range strings.SplitAfterSeq(r.String(), "/") {
			column = max(column, min(utf8.RuneCountInString(piece), longest))
		}
		if column += padding; width+column > paperWidth && i > 0 {
			ends = append(ends, i)
			width = names + padding
		}
		width += column
	}
	return append(ends, len(p.Ranges))
}

// matrix writes the columns from the range with the index from up to that with index to.
func (p accessPage) matrix(id, class string, from, to int) {
	p.raw("<div class=\"scroll\"><table class=\"", class, "\" aria-labelledby=\"", id, "\">\n<thead><tr><th scope=\"col\"><button type=\"button\">User</button></th>")
	for _, r := range p.Ranges[from:to] {
		p.raw("<th scope=\"col\"><button type=\"button\">")
		p.code(r.String())
		p.raw("</button></th>")
	}
	p.raw("</tr></thead>\n<tbody>\n")
	for i, u := range p.Users {
		p.raw("<tr data-user=\"", strconv.Itoa(i), "\"><th scope=\"row\">")
		p.name(cell([]byte(u.Name)))
		p.raw("</th>")
		for j, c := range p.Cells(u)[from:to] {
			shade := ""
			switch {
			case c.Whole != 0:
				shade = " class=\"whole\""
			case c.Part != 0:
				shade = " class=\"part\""
			}
			p.cell(p.Ranges[from+j].String(), shade)
			p.raw(cellText(c), "</td>")
		}
		p.raw("</tr>\n")
	}
	p.raw("</tbody>\n</table></div>\n")
}

func (p accessPage) roles() {
	if len(p.State.Roles) == 0 {
		p.note("roles", "Roles", "None.")
		return
	}
	holders, ids, users := p.State.Holders(), p.roleIDs(), map[string]string{}
	for i, u := range p.Users {
		users[u.Name] = strconv.Itoa(i)
	}
	columns := []string{"Role", "Grants", "Held by"}
	p.table("roles", "Roles", "roles", columns, func() {
		for _, name := range p.State.RoleNames() {
			p.raw("<tr id=\"role-", ids[name], "\"><th scope=\"row\">")
			p.name(cell([]byte(name)))
			p.raw("</th>")
			p.cell(columns[1])
			p.raw("<ul>")
			if name == access.RootRole {
				p.grant(access.Permission{Access: access.ReadWrite, Range: access.Everything()}, everythingDescription)
			} else {
				for _, permission := range p.State.Roles[name].Permissions {
					p.grant(permission, permission.String())
				}
			}
			p.raw("</ul></td>")
			p.cell(columns[2], " data-sort=\"", strconv.Itoa(len(holders[name])), "\"")
			p.raw("<p class=\"soft\">", strconv.Itoa(len(holders[name])), "</p>")
			for i, holder := range holders[name] {
				if i > 0 {
					p.raw(", ")
				}
				p.link("user-", users[holder], plainName(holder))
			}
			p.raw("</td></tr>\n")
		}
	})
}

// grant writes a permission. The script compares its range with the key of a search: both
// as hexadecimal bytes.
func (p accessPage) grant(permission access.Permission, text string) {
	p.raw("<li data-access=\"", permission.Access.String(), "\" data-key=\"", hex.EncodeToString(permission.Range.Key),
		"\" data-end=\"", hex.EncodeToString(permission.Range.End), "\">")
	p.code(text)
	p.raw("</li>")
}

// signOff writes the form to sign, which is only on paper: a line for each role of each
// user.
func (p accessPage) signOff() {
	p.raw("<section class=\"paper signoff\">\n<h2 id=\"signoff\">Sign-off</h2>\n<dl><dt>Reviewer</dt><dd></dd><dt>Date</dt><dd></dd><dt>Signature</dt><dd></dd></dl>\n",
		"<table aria-labelledby=\"signoff\">\n<thead><tr><th>User</th><th>Role</th><th>Keep</th><th>Revoke</th><th>Note</th></tr></thead>\n<tbody>\n")
	for _, u := range p.Users {
		roles := plainNames(u.Roles)
		if len(roles) == 0 {
			roles = []string{"(no role)"}
		}
		for _, role := range roles {
			p.raw("<tr><th scope=\"row\">")
			p.name(cell([]byte(u.Name)))
			p.raw("</th><td>")
			p.name(role)
			p.raw("</td><td>☐</td><td>☐</td><td></td></tr>\n")
		}
	}
	p.raw("</tbody>\n</table>\n</section>\n")
}
