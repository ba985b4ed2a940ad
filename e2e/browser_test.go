package e2e

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// browser is a headless Chromium, driven by its DevTools protocol over a pipe:
// JSON messages that end with a NUL, read from descriptor 3 and written to 4.
type browser struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // the test's, for each of its calls
	out     io.Writer
	session string

	mu      sync.Mutex
	id      int
	waiting map[int]chan message
	events  []message
	gone    chan struct{}
}

// message is one of the protocol.
type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    any             `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// startBrowser starts a browser with one blank page, which ends with the test.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	fromTest, toBrowser, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromBrowser, toTest, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-extensions",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{fromTest, toTest}
	cmd.WaitDelay = 5 * time.Second
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	fromTest.Close()
	toTest.Close()
	b := &browser{t: t, ctx: ctx, out: toBrowser, waiting: map[int]chan message{}, gone: make(chan struct{})}
	go b.read(fromBrowser)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("chromium said:\n%s", said.String())
		}
	})
	t.Cleanup(func() {
		b.session = ""
		_, _ = b.send("Browser.close", nil)
		toBrowser.Close()
		if err := cmd.Wait(); err != nil && ctx.Err() == nil {
			t.Logf("chromium: %v", err)
		}
		fromBrowser.Close()
	})
	var targets struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	for len(targets.TargetInfos) == 0 {
		b.call(&targets, "Target.getTargets", nil)
	}
	var attached struct{ SessionID string }
	b.call(&attached, "Target.attachToTarget", map[string]any{"targetId": targets.TargetInfos[0].TargetID, "flatten": true})
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(nil, domain+".enable", nil)
	}
	return b
}

func (b *browser) read(from io.Reader) {
	defer close(b.gone)
	messages := bufio.NewReader(from)
	for {
		text, err := messages.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(text[:len(text)-1], &m); err != nil {
			b.t.Errorf("chromium sends %s: %v", text, err)
			return
		}
		b.mu.Lock()
		if answer, asked := b.waiting[m.ID]; asked {
			delete(b.waiting, m.ID)
			answer <- m
		} else {
			b.events = append(b.events, m)
		}
		b.mu.Unlock()
	}
}

func (b *browser) send(method string, params any) (json.RawMessage, error) {
	b.mu.Lock()
	b.id++
	m := message{ID: b.id, SessionID: b.session, Method: method, Params: params}
	answer := make(chan message, 1)
	b.waiting[m.ID] = answer
	b.mu.Unlock()
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if _, err := b.out.Write(append(text, 0)); err != nil {
		return nil, err
	}
	select {
	case m := <-answer:
		if m.Error != nil {
			return nil, errors.New(m.Error.Message)
		}
		return m.Result, nil
	case <-b.gone:
		return nil, errors.New("chromium has ended")
	case <-b.ctx.Done():
		return nil, b.ctx.Err()
	}
}

// call calls a method of the protocol and reads its result into result, where
// that is not nil.
func (b *browser) call(result any, method string, params any) {
	b.t.Helper()
	answer, err := b.send(method, params)
	if err == nil && result != nil {
		err = json.Unmarshal(answer, result)
	}
	if err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

// happened returns the events called method so far.
func (b *browser) happened(method string) []message {
	b.mu.Lock()
	defer b.mu.Unlock()
	var events []message
	for _, m := range b.events {
		if m.Method == method {
			events = append(events, m)
		}
	}
	return events
}

// open opens a page and returns when it is loaded.
func (b *browser) open(url string) {
	b.t.Helper()
	before := len(b.happened("Page.loadEventFired"))
	b.call(nil, "Page.navigate", map[string]any{"url": url})
	for len(b.happened("Page.loadEventFired")) == before {
		select {
		case <-b.ctx.Done():
			b.t.Fatalf("%s is not loaded", url)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// evaluate returns the value of a JavaScript expression on the page.
func (b *browser) evaluate(result any, expression string) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct{ Text string }
	}
	b.call(&answer, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true})
	err := error(nil)
	if answer.ExceptionDetails != nil {
		err = errors.New(answer.ExceptionDetails.Text + " " + string(answer.Result.Value))
	} else if result != nil {
		err = json.Unmarshal(answer.Result.Value, result)
	}
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
}

// text returns the value of an expression as fmt prints it.
func (b *browser) text(expression string) string {
	b.t.Helper()
	var value any
	b.evaluate(&value, expression)
	return fmt.Sprint(value)
}

// picture writes what the page looks like into a file, where the folder that
// ECTL_SCREENSHOTS names receives pictures to look at.
func (b *browser) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("ECTL_SCREENSHOTS")
	if dir == "" {
		return
	}
	var picture struct{ Data string }
	b.call(&picture, "Page.captureScreenshot", map[string]any{"captureBeyondViewport": true})
	data, err := base64.StdEncoding.DecodeString(picture.Data)
	if err == nil {
		err = os.WriteFile(dir+"/"+name+".png", data, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
