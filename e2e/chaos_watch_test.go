package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"
)

// occurrence is an event, as far as formats show it.
type occurrence struct {
	Kind, Key, Value, Prev string
	Revision               int64
}

func occurrenceOf(e *mvccpb.Event) occurrence {
	kind := "put"
	if e.GetType() == mvccpb.Event_DELETE {
		kind = "delete"
	}
	return occurrence{kind, string(e.GetKv().GetKey()), string(e.GetKv().GetValue()), string(e.GetPrevKv().GetValue()), e.GetKv().GetModRevision()}
}

// occurrences are what a watch has printed in a format. Keys and values are words.
func occurrences(format, text string) ([]occurrence, error) {
	read := map[string]func(string) ([]occurrence, error){
		"simple": ofSimple, "fields": ofFields, "json": ofJSON, "protobuf": ofProtobuf,
		"table": ofTable, "yaml": ofYAML, "csv": ofCSV, "ndjson": ofNDJSON,
	}
	return read[format](text)
}

func ofSimple(text string) (all []occurrence, err error) {
	lines := strings.Split(text, "\n")
	for ; len(lines) > 3; lines = lines[3:] {
		if lines[0] != "PUT" && lines[0] != "DELETE" {
			return nil, fmt.Errorf("%q is no type", head(lines[0]))
		}
		all = append(all, occurrence{Kind: strings.ToLower(lines[0]), Key: lines[1], Value: lines[2]})
	}
	return all, nil
}

func ofFields(text string) (all []occurrence, err error) {
	for line := range strings.Lines(text) {
		name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), " : ")
		if !found {
			return nil, fmt.Errorf("%q is no field", head(line))
		}
		if unquoted, err := strconv.Unquote(value); err == nil {
			value = unquoted
		}
		if name == `"Type"` {
			all = append(all, occurrence{Kind: strings.ToLower(value)})
			continue
		}
		if len(all) == 0 {
			continue
		}
		switch e := &all[len(all)-1]; name {
		case `"Key"`:
			e.Key = value
		case `"Value"`:
			e.Value = value
		case `"PrevValue"`:
			e.Prev = value
		case `"ModRevision"`:
			e.Revision, err = strconv.ParseInt(value, 10, 64)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func ofJSON(text string) (all []occurrence, err error) {
	for line := range strings.Lines(text) {
		var response struct{ Events []*mvccpb.Event }
		if err := json.Unmarshal([]byte(line), &response); err != nil {
			return nil, fmt.Errorf("%q: %w", head(line), err)
		}
		for _, e := range response.Events {
			all = append(all, occurrenceOf(e))
		}
	}
	return all, nil
}

// ofProtobuf reads messages that nothing separates: together they are one.
func ofProtobuf(text string) (all []occurrence, err error) {
	var response pb.WatchResponse
	if err := proto.Unmarshal([]byte(text), &response); err != nil {
		return nil, err
	}
	for _, e := range response.Events {
		all = append(all, occurrenceOf(e))
	}
	return all, nil
}

func ofTable(text string) (all []occurrence, err error) {
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), "│")
		if len(cells) != 10 {
			if len(cells) != 1 || !strings.ContainsAny(line, "┌├└") {
				return nil, fmt.Errorf("%q is no line of a table", head(line))
			}
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[1] != "EVENT" {
			all = append(all, ofCells(cells[1:]))
		}
	}
	return all, nil
}

// ofCells is of a row: event, key, value, create revision, mod revision, version,
// lease, previous value.
func ofCells(cells []string) occurrence {
	revision, _ := strconv.ParseInt(cells[4], 10, 64)
	return occurrence{cells[0], cells[1], cells[2], cells[7], revision}
}

func ofCSV(text string) (all []occurrence, err error) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	for _, row := range rows[1:] {
		all = append(all, ofCells(row))
	}
	return all, nil
}

func ofYAML(text string) (all []occurrence, err error) {
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if name == "- event" {
			all = append(all, occurrence{Kind: value})
			continue
		}
		if len(all) == 0 {
			continue
		}
		switch e := &all[len(all)-1]; name {
		case "  key":
			e.Key = value
		case "  value":
			e.Value = value
		case "    value":
			e.Prev = value
		case "  mod_revision":
			e.Revision, err = strconv.ParseInt(value, 10, 64)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func ofNDJSON(text string) (all []occurrence, err error) {
	for line := range strings.Lines(text) {
		var e struct {
			Event, Key, Value string
			ModRevision       int64                  `json:"mod_revision"`
			Previous          struct{ Value string } `json:"previous"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("%q: %w", head(line), err)
		}
		all = append(all, occurrence{e.Event, e.Key, e.Value, e.Previous.Value, e.ModRevision})
	}
	return all, nil
}
