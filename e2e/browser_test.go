package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/ectl-io/ectl/e2e/harness"
)

// browser is a page in a headless Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // it is the page

	mu     sync.Mutex
	events []any
}

// startBrowser starts a browser with one blank page, which ends with the test.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	bounded, cancel := context.WithTimeout(t.Context(), harness.HangTimeout)
	t.Cleanup(cancel)
	said := &harness.Output{}
	allocator, stop := chromedp.NewExecAllocator(bounded, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.Flag("disable-component-update", true),
		chromedp.Flag("user-data-dir", t.TempDir()), chromedp.CombinedOutput(said))...)
	t.Cleanup(stop)
	ctx, closePage := chromedp.NewContext(allocator, chromedp.WithErrorf(t.Logf))
	t.Cleanup(closePage)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("chromium prints:\n%s", said)
		}
	})
	b := &browser{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.keep); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return b
}

// keep keeps an event of the page.
func (b *browser) keep(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, event)
}

// eventsOf returns the events of one type so far.
func eventsOf[E any](b *browser) []E {
	b.mu.Lock()
	defer b.mu.Unlock()
	var events []E
	for _, event := range b.events {
		if e, ok := event.(E); ok {
			events = append(events, e)
		}
	}
	return events
}

// open opens a page and returns when it is loaded.
func (b *browser) open(url string) {
	b.t.Helper()
	b.do("open "+url, chromedp.Navigate(url))
}

func (b *browser) do(what string, action chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, action); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// screen gives the page a screen of a size.
func (b *browser) screen(width, height int64, options ...chromedp.EmulateViewportOption) {
	b.t.Helper()
	b.do("set the screen", chromedp.EmulateViewport(width, height, options...))
}

// dark has the page shown to a person who prefers dark pages, on "screen" or in
// "print".
func (b *browser) dark(medium string) {
	b.t.Helper()
	b.do("set the medium", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
		})
		return err
	}))
}

// run runs JavaScript on the page.
func (b *browser) run(script string) {
	b.t.Helper()
	b.do(script, chromedp.Evaluate[chromedp.Void](script))
}

// text returns the value of a JavaScript expression on the page, as fmt prints
// it.
func (b *browser) text(expression string) string {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[any](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return fmt.Sprint(value)
}

// pdf returns the page as it is printed.
func (b *browser) pdf() []byte {
	b.t.Helper()
	data, err := chromedp.Run(b.ctx, chromedp.PrintToPDF())
	if err != nil {
		b.t.Fatalf("print the page: %v", err)
	}
	return data
}

// picture writes what the page looks like into a file, if ECTL_SCREENSHOTS names
// a folder for pictures to look at.
func (b *browser) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("ECTL_SCREENSHOTS")
	if dir == "" {
		return
	}
	const lossless = 100
	data, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(lossless))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), data, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
