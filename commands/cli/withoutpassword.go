package cli

import (
	"context"

	"github.com/ectl-io/ectl/internal/access/reader"
	"github.com/ectl-io/ectl/internal/progress"
)

// fewLogins is the number of logins that end before a user looks for progress.
const fewLogins = 10

// WithoutPassword returns which of the users have no password, and shows the progress:
// each login takes the server some time. Authentication must be on.
func WithoutPassword(ctx context.Context, f *Factory, names []string) (map[string]bool, error) {
	client, err := f.Client(ctx)
	if err != nil {
		return nil, err
	}
	bar := progress.Described(f.Streams, f.Quiet || len(names) < fewLogins, int64(len(names)), "Trying passwords")
	defer bar.End()
	return reader.WithoutPassword(ctx, client, f.Timeout, names, func() { bar.Add(1) })
}
