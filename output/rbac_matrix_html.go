package output

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // the page's style and script
	"encoding/base64"
	"fmt"
	"html"
	"strconv"
	"strings"

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
	p.findings()
	p.users()
	p.grid()
	p.roles()
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
	p.text(s)
	p.raw("</code>")
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
		term("Have no password", words("not asked: etcd has no list of them; with --check-passwords each user is tried with a wrong password, and the server's refusal tells"))
	default:
		term("Have no password", words("cannot be known while authentication is off"))
	}
	p.raw("</dl>\n")
	if !p.Cluster.Enabled {
		p.raw("<p class=\"warning\">Authentication is off: everybody who reaches the cluster may do everything. What follows holds once it is on.</p>\n")
	}
	p.raw("<form class=\"tools\"><label for=\"search\">Search <input id=\"search\" type=\"search\" autocomplete=\"off\" placeholder=\"user, role, key, rule\"></label>",
		"<output id=\"shown\" class=\"soft\" for=\"search\"></output></form>\n")
}

func namesOrNone(names []string) string {
	if len(names) == 0 {
		return "nobody"
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
func (p accessPage) lines(items []string, write func(string)) {
	p.raw("<td>")
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

func (p accessPage) findings() {
	const id, title = "findings", "Findings"
	if len(p.Lint.Findings) == 0 {
		p.note(id, title, "None.")
		return
	}
	p.table(id, title+": "+p.Lint.counts(), "findings", []string{"Severity", "Rule", "Object", "Why", "To mend it", "Waived"}, func() {
		for _, f := range p.Lint.Findings {
			class := ""
			if f.Waived != "" {
				class = " class=\"waived\""
			}
			severity := f.Rule.Severity.String()
			p.raw("<tr", class, "><td data-sort=\"", strconv.Itoa(int(lint.High-f.Rule.Severity)), "\"><span class=\"mark ", severity, "\">", severity, "</span></td><td>", f.Rule.Name, "</td><td>")
			p.code(f.object())
			p.raw("</td><td>")
			p.text(f.Why)
			p.raw("</td>")
			p.lines(f.CommandLines, p.code)
			p.raw("<td>")
			p.text(f.Waived)
			p.raw("</td></tr>\n")
		}
	})
}

func (p accessPage) users() {
	columns := []string{"User", "Root", "Password", "Roles", "May read", "May write"}
	p.table("users", "Users", "users", columns, func() {
		for _, u := range p.Users {
			p.raw("<tr><th scope=\"row\">")
			p.text(cell([]byte(u.Name)))
			p.raw("</th><td>")
			if u.Root {
				p.raw("<span class=\"mark high\">root</span>")
			}
			p.raw("</td><td>", p.password(u.Name), "</td>")
			roles := make([]string, 0, len(u.Roles))
			for _, role := range u.Roles {
				roles = append(roles, cell([]byte(role)))
			}
			p.lines(roles, p.text)
			p.lines(rangeNames(u.Read), p.code)
			p.lines(rangeNames(u.Write), p.code)
			p.raw("</tr>\n")
		}
	})
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
	columns := []string{"User"}
	for _, r := range p.Ranges {
		columns = append(columns, r.String())
	}
	p.table(id, title+" (R read, W write, in parentheses a part of the range)", "grid", columns, func() {
		for _, u := range p.Users {
			p.raw("<tr><th scope=\"row\">")
			p.text(cell([]byte(u.Name)))
			p.raw("</th>")
			for _, c := range p.Cells(u) {
				class := ""
				switch {
				case c.Whole != 0:
					class = " class=\"whole\""
				case c.Part != 0:
					class = " class=\"part\""
				}
				p.raw("<td", class, ">", cellText(c), "</td>")
			}
			p.raw("</tr>\n")
		}
	})
}

func (p accessPage) roles() {
	if len(p.State.Roles) == 0 {
		p.note("roles", "Roles", "None.")
		return
	}
	holders := p.State.Holders()
	p.table("roles", "Roles", "roles", []string{"Role", "Grants", "Held by"}, func() {
		for _, name := range p.State.RoleNames() {
			p.raw("<tr><th scope=\"row\">")
			p.text(cell([]byte(name)))
			p.raw("</th>")
			var grants []string
			if name == access.RootRole {
				grants = []string{everythingDescription}
			} else {
				for _, permission := range p.State.Roles[name].Permissions {
					grants = append(grants, permission.String())
				}
			}
			p.lines(grants, p.code)
			p.raw("<td data-sort=\"", strconv.Itoa(len(holders[name])), "\"><p class=\"soft\">", strconv.Itoa(len(holders[name])), "</p>")
			if len(holders[name]) > 0 {
				p.text(namesLine(holders[name]))
			}
			p.raw("</td></tr>\n")
		}
	})
}
