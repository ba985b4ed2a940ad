package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/ectl-io/ectl/e2e/etcdserver"
)

// TestThePageOfAnAccessReview opens the page of "rbac matrix -w html" in a
// browser: of a cluster in which names and keys are markup.
func TestThePageOfAnAccessReview(t *testing.T) {
	t.Parallel()
	page := writeReview(t)
	b := startBrowser(t)
	b.call(nil, "Emulation.setDeviceMetricsOverride", map[string]any{"width": 1280, "height": 1000, "deviceScaleFactor": 1, "mobile": false})
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
	expect("0", `document.querySelectorAll("img, b, svg, a, iframe, link, object").length`)
	expect("1", `document.scripts.length`)
	expect("0", `Array.from(document.querySelectorAll("*")).filter(e => Array.from(e.attributes).some(a => a.name.startsWith("on"))).length`)
	// A script that had got in would not run: the page allows its own only.
	const forbidden = "http://127.0.0.1:9/x"
	b.evaluate(nil, `{ let s = document.createElement("script"); s.textContent = "window.ran = true"; document.body.append(s); let i = new Image(); i.src = "`+forbidden+`"; document.body.append(i) }`)
	expect("undefined", `typeof window.ran`)
	b.evaluate(nil, `document.querySelector("body > script:last-of-type").remove(); document.querySelector("img").remove()`)

	// Search shows the rows that have all the words.
	visible := func(table string) string {
		return `Array.from(document.querySelectorAll("table[aria-labelledby=` + table + `] tbody tr")).filter(r => r.offsetParent !== null).map(r => r.cells[0].innerText).join()`
	}
	search := func(words string) {
		b.evaluate(nil, `{ let s = document.getElementById("search"); s.value = `+strconv.Quote(words)+`; s.dispatchEvent(new Event("input")) }`)
	}
	search("ALICE /app/")
	expect("alice", visible("users"))
	expect("app", visible("roles"))
	if shown := b.text(`document.getElementById("shown").innerText`); !strings.HasSuffix(shown, " rows") || !strings.HasPrefix(shown, "2 of ") {
		t.Errorf("beside the search it says %q, want 2 of all rows", shown)
	}
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
	b.evaluate(nil, head("users", 1)+".click(); "+head("users", 1)+".click()")
	expect("descending", head("users", 1)+".parentNode.ariaSort")
	if got := b.text(visible("users")); !strings.HasPrefix(got, "dave,root,") {
		t.Errorf("sorted by root the users are %s", got)
	}
	b.evaluate(nil, head("findings", 0)+".click()")
	expect("high", visible("findings")+`.split(",")[0]`)
	expect("low", visible("findings")+`.split(",").pop()`)
	b.evaluate(nil, head("users", 0)+".click()")

	// It is readable on a small screen, in the dark and on paper.
	b.picture("light")
	b.call(nil, "Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": "dark"}}})
	expect("rgb(13, 17, 23)", `getComputedStyle(document.body).backgroundColor`)
	b.picture("dark")
	b.call(nil, "Emulation.setDeviceMetricsOverride", map[string]any{"width": 420, "height": 800, "deviceScaleFactor": 1, "mobile": true})
	expect("true", `document.documentElement.scrollWidth <= innerWidth`)
	b.picture("small")
	b.call(nil, "Emulation.setDeviceMetricsOverride", map[string]any{"width": 794, "height": 1000, "deviceScaleFactor": 1, "mobile": false})
	b.call(nil, "Emulation.setEmulatedMedia", map[string]any{"media": "print", "features": []any{map[string]any{"name": "prefers-color-scheme", "value": "dark"}}})
	expect("rgb(255, 255, 255)", `getComputedStyle(document.body).backgroundColor`)
	expect("none", `getComputedStyle(document.querySelector(".tools")).display`)
	expect("true", `document.documentElement.scrollWidth <= innerWidth`)
	b.picture("print")
	var pdf struct{ Data string }
	b.call(&pdf, "Page.printToPDF", nil)
	if len(pdf.Data) < 10_000 {
		t.Errorf("printed it is a PDF of %d characters", len(pdf.Data))
	}

	// It asks nobody for anything, and nothing went wrong.
	for _, event := range b.happened("Network.requestWillBeSent") {
		if url := requested(event); !strings.HasPrefix(url, "file://"+page) && url != forbidden {
			t.Errorf("it asks for %s", url)
		}
	}
	failed := b.happened("Network.loadingFailed")
	if len(failed) != 1 || !strings.Contains(fmt.Sprint(failed[0].Params), "blockedReason:csp") {
		t.Errorf("of what may not be asked for, it says %v; want that it is blocked", failed)
	}
	for _, kind := range []string{"Page.javascriptDialogOpening", "Runtime.exceptionThrown"} {
		if events := b.happened(kind); len(events) > 0 {
			t.Errorf("%s: %v", kind, events)
		}
	}
}

// requested is the URL that a request is for.
func requested(event message) string {
	params, _ := event.Params.(map[string]any)
	request, _ := params["request"].(map[string]any)
	url, _ := request["url"].(string)
	return url
}

// writeReview writes the page of a cluster with odd names, and returns its
// path.
func writeReview(t *testing.T) string {
	t.Helper()
	server := startServerFor(t, etcdserver.Options{RootPassword: rootPassword})
	client, err := server.Client("root", rootPassword)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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
	cmd := exec.CommandContext(ctx, filepath.Join(installed.ours, "ectl"), "--endpoints", server.Endpoint(), "--user", "root:"+rootPassword,
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
