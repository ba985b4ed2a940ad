package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/harness"
	"github.com/ectl-io/ectl/e2e/harness/etcdserver"
)

// TestThePageOfAnAccessReview opens the page of "rbac matrix -w html" in a
// browser: of a cluster in which names and keys are markup.
func TestThePageOfAnAccessReview(t *testing.T) {
	t.Parallel()
	page := writeReview(t)
	b := startBrowser(t)
	b.screen(1280, 1000)
	b.open("file://" + page)
	expect := func(want, expression string) {
		t.Helper()
		if got := b.text(expression); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}

	// It says what it is of.
	for _, words := range []string{"Access review", "127.0.0.1:", "enabled, revision", "dave, root", "Have no password\nbob", "on call until March", "prefix-without-separator"} {
		if text := b.text("document.body.innerText"); !strings.Contains(text, words) {
			t.Errorf("the page says nothing of %q:\n%s", words, text)
		}
	}
	// Names and keys are text, whatever they look like.
	for _, name := range []string{`</script><script>alert("role")</script>`, strconv.Quote(`<img src=x onerror=alert("key")>`), strconv.Quote(`"><b onmouseover=alert("user")>`), `'><svg/onload=alert(1)>&amp;&lt;`} {
		expect("true", "document.body.innerText.includes("+strconv.Quote(name)+")")
	}
	expect("0", `document.querySelectorAll("img, b, svg, iframe, link, object").length`)
	expect("0", `Array.from(document.links).filter(l => !l.getAttribute("href").startsWith("#") || !document.querySelector(l.getAttribute("href"))).length`)
	expect("1", `document.scripts.length`)
	expect("0", `Array.from(document.querySelectorAll("*")).filter(e => Array.from(e.attributes).some(a => a.name.startsWith("on"))).length`)
	// A script that had got in would not run: the page allows its own only.
	const forbidden = "http://127.0.0.1:9/x"
	b.run(`{ let s = document.createElement("script"); s.textContent = "window.ran = true"; document.body.append(s); let i = new Image(); i.src = "` + forbidden + `"; document.body.append(i) }`)
	expect("undefined", `typeof window.ran`)
	b.run(`document.querySelector("body > script:last-of-type").remove(); document.querySelector("img").remove()`)

	// Search shows the rows that have all the words.
	visible := func(table string) string {
		return `Array.from(document.querySelectorAll("table[aria-labelledby=` + table + `] tbody tr")).filter(r => r.offsetParent !== null).map(r => r.cells[0].innerText).join()`
	}
	search := func(words string) {
		b.run(`{ let s = document.getElementById("search"); s.value = ` + strconv.Quote(words) + `; s.dispatchEvent(new Event("input")) }`)
	}
	search("ALICE /app/")
	expect("alice", visible("users"))
	expect("app", visible("roles"))
	if shown := b.text(`document.getElementById("shown").innerText`); !strings.HasSuffix(shown, " rows; the others are hidden") || !strings.HasPrefix(shown, "3 of ") {
		t.Errorf("beside the search it says %q, want 3 of all rows", shown)
	}
	// A key is a question to the grants: every user with access is listed, whatever the
	// other words are.
	answer := `document.getElementById("answer").innerText`
	expect("true", answer+`.includes("alice: read and write (role app: readwrite prefix /app/)")`)
	search("/app/secret/db")
	for _, line := range []string{
		"Who may read or write /app/secret/db", "alice: read and write (role app: readwrite prefix /app/)",
		"bob: read and write (role app: readwrite prefix /app/; role wide: readwrite prefix /app)",
		"dave: read and write (role root: every key)", "root: read and write (role root: every key)",
	} {
		expect("true", answer+".includes("+strconv.Quote(line)+")")
	}
	expect("false", answer+`.includes("eve:")`)
	expect("true", visible("users")+`.includes("alice,bob,dave,root")`)
	expect("app,root,wide", visible("roles"))
	search("/appendix")
	expect("bob,dave,root", visible("users"))
	search("/quite/a/long/")
	expect("true", answer+`.includes("Only keys that begin with /quite/a/long/")`)
	search("/nothing/here dave")
	expect("true", answer+`.includes("dave: read and write (role root: every key)")`)
	expect("dave", visible("users"))
	search("eve")
	expect("true", `document.getElementById("answer").hidden`)
	// A link leads to the row, also if the search hides it.
	b.run(`document.querySelector("table.roles a").click()`)
	harness.WaitUntil(t, "the target of the link is shown", func() bool { return b.text(`document.querySelector(":target").offsetParent !== null`) == "true" })
	b.run(`history.replaceState(null, "", location.pathname)`)
	search("no such thing")
	expect("", visible("users"))
	search("")
	if got := b.text(visible("users") + `.split(",").length`); got != "7" {
		t.Errorf("%s users are shown after a search, want 7", got)
	}

	// A click on the head of a column sorts, a second one the other way.
	head := func(table string, column int) string {
		return `document.querySelectorAll("table[aria-labelledby=` + table + `] thead button")[` + strconv.Itoa(column) + `]`
	}
	b.run(head("users", 1) + ".click(); " + head("users", 1) + ".click()")
	expect("descending", head("users", 1)+".parentNode.ariaSort")
	if got := b.text(visible("users")); !strings.HasPrefix(got, "dave,root,") {
		t.Errorf("sorted by root the users are %s", got)
	}
	b.run(head("findings", 0) + ".click()")
	expect("high", visible("findings")+`.split(",")[0]`)
	expect("low", visible("findings")+`.split(",").pop()`)
	b.run(head("users", 0) + ".click()")

	// It is readable on a small screen, in the dark and on paper.
	b.picture("light")
	b.dark("screen")
	expect("rgb(13, 17, 23)", `getComputedStyle(document.body).backgroundColor`)
	b.picture("dark")
	for _, width := range []int64{390, 420, 700} {
		b.screen(width, 800, chromedp.EmulateMobile)
		expect("true", `document.documentElement.scrollWidth <= innerWidth`)
	}
	b.screen(390, 800, chromedp.EmulateMobile)
	expect("0", `Array.from(document.querySelectorAll(".scroll, td, th")).filter(e => e.offsetParent !== null && e.scrollWidth > e.clientWidth + 1).length`)
	expect("sticky", `getComputedStyle(document.querySelector("table.users tbody th")).position`)
	b.picture("small")
	b.screen(1032, 703) // what the margins leave of A4 in landscape
	b.dark("print")
	expect("rgb(255, 255, 255)", `getComputedStyle(document.body).backgroundColor`)
	expect("none", `getComputedStyle(document.querySelector(".tools")).display`)
	expect("", `Array.from(document.querySelectorAll("body *")).filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 200)).join("\n")`)
	b.picture("print")
	checkPrinted(t, b.pdf())

	// It sends no request, and nothing failed.
	for _, event := range eventsOf[*network.EventRequestWillBeSent](b) {
		if url := event.Request.URL; !strings.HasPrefix(url, "file://"+page) && url != forbidden {
			t.Errorf("it asks for %s", url)
		}
	}
	harness.WaitUntil(t, "the forbidden request is blocked", func() bool { return len(eventsOf[*network.EventLoadingFailed](b)) > 0 })
	for i, event := range eventsOf[*network.EventLoadingFailed](b) {
		if i > 0 || event.BlockedReason != network.BlockedReasonCsp {
			t.Errorf("a request has failed: %+v; want only that the forbidden one is blocked", event)
		}
	}
	for _, event := range eventsOf[*cdppage.EventJavascriptDialogOpening](b) {
		t.Errorf("a dialogue opens: %+v", event)
	}
	for _, event := range eventsOf[*runtime.EventExceptionThrown](b) {
		t.Errorf("a script fails: %+v", event.ExceptionDetails)
	}
}

// checkPrinted reads the text of each printed page.
func checkPrinted(t *testing.T, pdf []byte) {
	t.Helper()
	program, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed")
	}
	file := filepath.Join(t.TempDir(), "review.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), program, "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	pages := strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")
	last := pages[len(pages)-1]
	for _, want := range []string{"Sign-off", "Reviewer", "Signature", "alice", "Keep", "Revoke"} {
		if !strings.Contains(strings.Join(pages[1:], ""), want) {
			t.Errorf("the printed form lacks %q:\n%s", want, last)
		}
	}
	for i, page := range pages {
		if strings.TrimSpace(page) == "" {
			t.Errorf("printed page %d of %d is empty", i+1, len(pages))
		}
	}
	for _, want := range []string{"Digest of the access", "rbac matrix --check-passwords", "prefix-without-separator"} {
		if !strings.Contains(string(text), want) && !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
			t.Errorf("the printed review lacks %q:\n%s", want, text)
		}
	}
	// Heads are repeated, and no name is broken.
	if n := strings.Count(string(text), "alice"); n < 4 {
		t.Errorf("alice is printed %d times, want once in each table", n)
	}
}

// writeReview writes the page of a cluster with odd names, and returns its
// path.
func writeReview(t *testing.T) string {
	t.Helper()
	server := harness.StartServer(t, etcdserver.Options{RootPassword: harness.RootPassword})
	client, err := server.Client("root", harness.RootPassword)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), harness.HangTimeout)
	defer cancel()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const evil = `</script><script>alert("role")</script>`
	for role, keys := range map[string][]string{
		"app":  {"/app/", "/config"},
		"wide": {"/app"},
		evil:   {`<img src=x onerror=alert("key")>`, "\x00\xff\x80", "/quite/a/long/key/that/has/to/be/broken/somewhere/because/no/page/is/wide/enough/for/it/otherwise"},
	} {
		_, err := client.RoleAdd(ctx, role)
		must(err)
		for _, key := range keys {
			_, err := client.RoleGrantPermission(ctx, role, key, clientv3.GetPrefixRangeEnd(key), clientv3.PermissionType(clientv3.PermReadWrite))
			must(err)
		}
	}
	for user, roles := range map[string][]string{
		"alice": {"app"}, "bob": {"app", "wide"}, "dave": {"root"}, "eve": nil,
		`"><b onmouseover=alert("user")>`: {evil}, `'><svg/onload=alert(1)>&amp;&lt;`: {evil, "app"},
	} {
		_, err := client.UserAddWithOptions(ctx, user, "pw", &clientv3.UserAddOptions{NoPassword: user == "bob"})
		must(err)
		for _, role := range roles {
			_, err := client.UserGrantRole(ctx, user, role)
			must(err)
		}
	}
	dir := t.TempDir()
	waivers := filepath.Join(dir, "waivers.yaml")
	must(os.WriteFile(waivers, []byte("apiVersion: ectl/v1\nwaive: [{rule: root-holder, object: user dave, reason: on call until March}]\n"), 0o600))
	cmd := exec.CommandContext(ctx, harness.Ectl(), "--endpoints", server.Endpoint(), "--user", "root:"+harness.RootPassword,
		"rbac", "matrix", "--check-passwords", "--waivers", waivers, "-w", "html")
	cmd.Env = []string{"HOME=" + dir}
	html, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	page := filepath.Join(dir, "review.html")
	must(os.WriteFile(page, html, 0o600))
	return page
}
