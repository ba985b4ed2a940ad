package snapshot

import (
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ectl-io/ectl/internal/clitest"
	"github.com/ectl-io/ectl/internal/exit"
)

// whole is a snapshot as a server sends it.
func whole(sectors int) []byte {
	content := make([]byte, sectors*sectorSize)
	random := rand.NewChaCha8([32]byte{byte(sectors)})
	_, _ = random.Read(content)
	sum := sha256.Sum256(content)
	return append(content, sum[:]...)
}

// written is the checksum of data that came in blocks of random sizes.
func written(data []byte, seed uint64) *checksum {
	c := newChecksum()
	random := rand.New(rand.NewPCG(seed, 1))
	for len(data) > 0 {
		n := min(1+random.IntN(700), len(data))
		_, _ = c.Write(data[:n])
		data = data[n:]
	}
	return c
}

func TestAWholeSnapshotIsRecognizedHoweverItComes(t *testing.T) {
	for sectors := 1; sectors < 20; sectors++ {
		for seed := range uint64(20) {
			if err := written(whole(sectors), seed).verify(); err != nil {
				t.Fatalf("%d sectors, seed %d: %v", sectors, seed, err)
			}
		}
	}
}

func TestABrokenSnapshotIsRefused(t *testing.T) {
	good := whole(8)
	for end := range good {
		if written(good[:end], 1).verify() == nil {
			t.Fatalf("the first %d bytes of %d pass for a snapshot", end, len(good))
		}
	}
	for at := 0; at < len(good); at += 37 {
		bad := append([]byte(nil), good...)
		bad[at] ^= 1
		if err := written(bad, 1).verify(); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Fatalf("a snapshot with a wrong bit in byte %d gives %v", at, err)
		}
	}
}

func TestSaveTakesOneFile(t *testing.T) {
	for line, want := range map[string]struct {
		code exit.Code
		says string
	}{
		"save":                   {exit.BadArgs, "a file name"},
		"save a b":               {exit.BadArgs, "a file name"},
		"save a --pick nobody":   {exit.BadFeature, "leader, follower, any"},
		"save a -w xml":          {exit.BadFeature, "xml"},
		"save a --cert nothing":  {exit.BadArgs, "--cert"},
		"save a --endpoints=":    {exit.Interrupted, "no available endpoints"},
		"save a --endpoints=a,b": {exit.Interrupted, "snapshot must be requested to one selected node, not multiple [a b]"},
	} {
		run := clitest.New("")
		err := run.Execute(t.Context(), NewCmd(run.Factory), strings.Fields(line)...)
		if exit.CodeOf(err) != want.code || err == nil || !strings.Contains(err.Error(), want.says) {
			t.Errorf("snapshot %s: status %d, %v, want status %d and %q", line, exit.CodeOf(err), err, want.code, want.says)
		}
	}
	run := clitest.New("")
	if err := run.Execute(t.Context(), NewCmd(run.Factory), "save", ""); exit.CodeOf(err) != exit.Interrupted || !strings.Contains(err.Error(), "the file name is empty") {
		t.Errorf("snapshot save '': status %d, %v, want the reason before anything is dialled", exit.CodeOf(err), err)
	}
	run, got := clitest.New(""), saveOptions{}
	asked := func(_ context.Context, opts *saveOptions) error {
		got = *opts
		return nil
	}
	if err := run.Execute(t.Context(), newSaveCmd(run.Factory, asked), "a file", "--pick", "follower"); err != nil || got != (saveOptions{"a file", "follower"}) {
		t.Errorf("is asked to do %+v, %v", got, err)
	}
}
