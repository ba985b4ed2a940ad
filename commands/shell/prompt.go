package shell

import (
	"context"
	"fmt"
	"strings"

	"github.com/ectl-io/ectl/commands/cli"
	"github.com/ectl-io/ectl/internal/colour"
	"github.com/ectl-io/ectl/internal/etcd"
	"github.com/ectl-io/ectl/internal/exit"
	"github.com/ectl-io/ectl/internal/place"
	"github.com/ectl-io/ectl/internal/quantity"
	"github.com/ectl-io/ectl/internal/visible"
)

// findPlace connects with the global options of f, and returns what the prompt shows.
func findPlace(ctx context.Context, f *cli.Factory) (place.Place, error) {
	found, err := place.Find(ctx, f.Session)
	if err != nil {
		return place.Place{}, f.Explain(ctx, err)
	}
	return found, nil
}

// welcome returns the line that the shell prints at its start.
func welcome(p place.Place) string {
	var parts []string
	if p.Cluster != 0 {
		parts = append(parts, fmt.Sprintf("cluster %x", p.Cluster))
	}
	if p.Version != "" {
		parts = append(parts, "etcd "+p.Version)
	}
	if p.Members > 0 {
		parts = append(parts, quantity.Of(p.Members, "member"))
	}
	switch user := userOf(p); {
	case p.Open:
		parts = append(parts, "authentication is off")
	case user != "":
		parts = append(parts, "user "+user)
	default:
		parts = append(parts, "no user")
	}
	text := strings.Join(parts, ", ")
	return strings.ToUpper(text[:1]) + text[1:] + `. Type ? for help.`
}

// userOf returns the user of a place, or an empty string. While authentication is off, no
// user counts.
func userOf(p place.Place) string {
	switch {
	case p.Open:
		return ""
	case p.Self.User == "" && p.Self.By == etcd.ByToken:
		return "of a token"
	}
	return p.Self.User
}

// prompt returns the prompt: the user, the context or the endpoint, "!" if authentication is off, and the
// exit status of a command that failed.
func (s *shell) prompt() string {
	painter := s.painter()
	where := s.endpoint()
	if user := userOf(s.place); user != "" {
		where = user + "@" + where
	}
	text := visible.Line(where)
	if context := s.base.Context(); context != nil && context.Protected {
		text = painter.Paint(colour.Bad, text)
	}
	if s.place.Open {
		text += painter.Paint(colour.Caution, "!")
	}
	if s.status != exit.Success {
		text += painter.Paint(colour.Bad, fmt.Sprintf(" [%d]", s.status))
	}
	return text + "> "
}

// endpoint returns the context, or else the first endpoint, as short as possible.
func (s *shell) endpoint() string {
	if context := s.base.Context(); context != nil {
		return context.Name
	}
	endpoints := s.base.Connection.Endpoints
	if s.base.Connection.DiscoverySRV != "" {
		return s.base.Connection.DiscoverySRV
	}
	first, _ := etcd.WithoutUserInfo(endpoints[0])
	if _, host, found := strings.Cut(first, "://"); found {
		first = host
	}
	if more := len(endpoints) - 1; more > 0 {
		first += fmt.Sprintf("+%d", more)
	}
	return first
}

func (s *shell) painter() colour.Painter {
	return colour.Painter(s.outer.Streams.Colour(s.outer.Streams.OutIsTerminal))
}
