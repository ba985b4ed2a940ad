package mirror

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ectl-io/ectl/internal/atomicfile"
	"github.com/ectl-io/ectl/internal/exit"
)

// checkpoint is the content of the --checkpoint file, in JSON.
type checkpoint struct {
	Version int `json:"version"`
	identity
	position
}

// checkpointVersion is the version of the file format.
const checkpointVersion = 1

// identity identifies a mirror: its clusters and its prefixes. A checkpoint is valid for
// one identity only.
type identity struct {
	Source      id   `json:"source_cluster"`
	Destination id   `json:"destination_cluster"`
	Prefix      text `json:"prefix"`
	DestPrefix  text `json:"dest_prefix"`
}

// position records how far a mirror has come. During the copy, Base is the revision that
// is copied, and Next is the first key that the destination does not have yet. After the
// copy, Revision is the last revision that is completely at the destination.
type position struct {
	Base     int64 `json:"base_revision,omitempty"`
	Next     text  `json:"next_key,omitempty"`
	Revision int64 `json:"revision,omitempty"`
	Anchor   text  `json:"anchor_key,omitempty"` // see fence

	// Prune reports that the copy ends by deleting the keys that the source does not
	// have. It is set only during the copy.
	Prune bool `json:"prune,omitempty"`
}

// copying reports whether keys are still to be copied.
func (p position) copying() bool { return p.Revision == 0 }

// id is a cluster ID. It is a hexadecimal string in JSON.
type id uint64

// MarshalJSON implements json.Marshaler.
func (i id) MarshalJSON() ([]byte, error) { return json.Marshal(i.String()) }

// UnmarshalJSON implements json.Unmarshaler.
func (i *id) UnmarshalJSON(data []byte) error {
	var hex string
	if err := json.Unmarshal(data, &hex); err != nil {
		return err
	}
	n, err := strconv.ParseUint(hex, 16, 64)
	*i = id(n)
	return err
}

func (i id) String() string { return strconv.FormatUint(uint64(i), 16) }

// text is a key or a prefix. In JSON it is a string if it is valid UTF-8, otherwise an
// object with its base64.
type text string

type encoded struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON implements json.Marshaler.
func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(encoded{[]byte(t)})
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte("{")) {
		return json.Unmarshal(data, (*string)(t))
	}
	var e encoded
	err := json.Unmarshal(data, &e)
	*t = text(e.Base64)
	return err
}

// readCheckpoint reads the position of the mirror with the identity of. found is false
// if there is no file. Errors have the status BadArgs.
func readCheckpoint(path string, of identity) (at position, found bool, err error) {
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return at, false, nil
	}
	if err != nil {
		return at, false, exit.BadArgsf("--checkpoint: %w", err)
	}
	var c checkpoint
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil || c.Version != checkpointVersion || c.Base < 0 || c.Revision < 0 || c.Base > 0 && c.Revision > 0 {
		return at, false, exit.BadArgsf("--checkpoint: %s is no checkpoint of this command; name another file", path)
	}
	if differences := c.differences(of); len(differences) > 0 {
		return at, false, exit.BadArgsf("--checkpoint: %s belongs to another mirror: %s; name another file, or remove this one to copy everything again",
			path, strings.Join(differences, ", "))
	}
	return c.position, true, nil
}

// maxCheckpoint is the maximum size of a checkpoint, in bytes. Checkpoints with the
// largest keys are smaller.
const maxCheckpoint = 64 << 20

// readFile reads a checkpoint. It does not follow symbolic links, because write would
// replace the link. It does not wait for a pipe.
func readFile(path string) ([]byte, error) {
	file, err := atomicfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxCheckpoint+1))
	if err == nil && len(data) > maxCheckpoint {
		err = fmt.Errorf("%s has more than %d bytes", path, maxCheckpoint)
	}
	return data, err
}

// differences lists the fields in which two identities differ, each as a part of a
// sentence.
func (i identity) differences(now identity) []string {
	var all []string
	add := func(what string, was, is any) {
		if was != is {
			all = append(all, fmt.Sprintf("its %s is %v, not %v", what, was, is))
		}
	}
	add("source cluster", i.Source.String(), now.Source.String())
	add("destination cluster", i.Destination.String(), now.Destination.String())
	add("prefix", strconv.Quote(string(i.Prefix)), strconv.Quote(string(now.Prefix)))
	add("destination prefix", strconv.Quote(string(i.DestPrefix)), strconv.Quote(string(now.DestPrefix)))
	return all
}

// write replaces the file at path by the checkpoint, atomically.
func (c checkpoint) write(path string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	file, err := atomicfile.Write(path, append(data, '\n'), 0o600)
	if err != nil {
		return err
	}
	defer file.Abort() // no effect after Commit
	return file.Commit()
}
