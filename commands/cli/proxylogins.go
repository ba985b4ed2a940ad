package cli

import (
	"io"
	"net/url"
	"strings"
)

// logins holds logins that must not be shown. They come from the proxy URLs of the
// environment. gRPC logs a proxy URL unchanged.
type logins []string

// proxyLogins returns the logins in environ, as written and as encoded in a URL.
func proxyLogins(environ []string) logins {
	var found logins
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		at := strings.LastIndexByte(value, '@')
		if at < 0 || !strings.HasSuffix(strings.ToLower(name), "_proxy") {
			continue
		}
		login := value[:at]
		if _, after, isURL := strings.Cut(login, "://"); isURL {
			login = after
		}
		found = append(found, login)
		if u, err := url.Parse(value); err == nil && u.User != nil {
			found = append(found, u.User.String())
		}
	}
	return found
}

// hide returns text without the logins.
func (l logins) hide(text string) string {
	for _, login := range l {
		text = strings.ReplaceAll(text, login+"@", "(set)@")
	}
	return text
}

// writer returns a writer that removes the logins from each write to w. It also removes
// the text before an @ in any word, because gRPC may write a URL in a different form.
func (l logins) writer(w io.Writer) io.Writer {
	if len(l) == 0 {
		return w
	}
	return loginHider{w, l}
}

func beforeAt(text string) string {
	words := strings.SplitAfter(text, " ")
	for i, word := range words {
		if at := strings.LastIndexByte(word, '@'); at >= 0 {
			words[i] = "(set)" + word[at:]
		}
	}
	return strings.Join(words, "")
}

type loginHider struct {
	io.Writer
	logins logins
}

// Write implements io.Writer.
func (h loginHider) Write(p []byte) (int, error) {
	if _, err := io.WriteString(h.Writer, beforeAt(h.logins.hide(string(p)))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// HideLogins returns text without the logins of the proxies in the environment.
func (f *Factory) HideLogins(text string) string {
	return proxyLogins(f.Streams.Environ).hide(text)
}
