package output

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ectl-io/ectl/internal/colour"
)

// MemberHealth is the health of a member in an overview.
type MemberHealth string

// The health of a member.
const (
	MemberOK      MemberHealth = "ok"
	MemberAlarm   MemberHealth = "alarm"  // it works, but an alarm is on
	MemberFailed  MemberHealth = "failed" // it answers, but a linearizable read fails
	MemberDown    MemberHealth = "down"   // it does not answer
	MemberUnknown MemberHealth = "-"      // a learner serves no linearizable reads
)

// MemberOverview is the state of one member. Only Name and Health have a meaning if the
// member is down.
type MemberOverview struct {
	Name        string // unique in the overview
	Role        string
	Health      MemberHealth
	Latency     time.Duration // of a linearizable read; 0 if there was none
	RevisionLag int64         // behind the newest revision of all members
	Size        int64         // of the database file
	SizeInUse   int64
	Quota       int64 // of the database file; 0 if the server does not report it
	Alarms      []string
	Expires     time.Time // the server's certificate; zero without TLS
}

// EndpointOverview is the result of "endpoint status" for a screen of 80 columns.
type EndpointOverview struct {
	Members []MemberOverview
	Now     time.Time
}

// Simple implements Result.
func (r EndpointOverview) Simple(t *Text) { t.FitColumns(r.Table()) }

// Table implements Result.
func (r EndpointOverview) Table() TableData {
	t := TableData{
		Header: []string{"member", "role", "health", "latency", "lag", "size", "used", "quota", "cert", "alarms"},
		tones:  map[string]func(string) colour.Tone{"health": healthTone, "cert": certificateTone, "alarms": alarmTone},
	}
	for _, m := range r.Members {
		row := []string{m.Name, "-", string(m.Health), "-", "-", "-", "-", "-", "-", "-"}
		if m.Health != MemberDown {
			row = []string{
				m.Name, m.Role, string(m.Health), shortDuration(m.Latency), shortCount(m.RevisionLag), Bytesize(m.Size),
				percent(m.SizeInUse, m.Size), percent(m.Size, m.Quota), r.left(m.Expires), orDash(strings.Join(m.Alarms, ",")),
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// Document implements Result.
func (r EndpointOverview) Document() Object { return Object{{"members", r.Items()}} }

// Items implements Lister.
func (r EndpointOverview) Items() []Object {
	items := []Object{}
	for _, m := range r.Members {
		item := Object{{"member", m.Name}, {"health", string(m.Health)}}
		if m.Health != MemberDown {
			item = append(item, Object{
				{"role", m.Role}, {"latency_microseconds", m.Latency.Microseconds()}, {"revision_lag", m.RevisionLag}, {"db_size", m.Size},
				{"db_size_in_use", m.SizeInUse}, {"db_size_quota", m.Quota}, {"certificate_expires", date(m.Expires)}, {"alarms", m.Alarms},
			}...)
		}
		items = append(items, item)
	}
	return items
}

func healthTone(cell string) colour.Tone {
	switch MemberHealth(cell) {
	case MemberOK:
		return colour.Good
	case MemberAlarm, MemberFailed, MemberDown:
		return colour.Bad
	case MemberUnknown:
	}
	return colour.Plain
}

func alarmTone(cell string) colour.Tone {
	if cell == "-" {
		return colour.Plain
	}
	return colour.Bad
}

// fewDays is the number of days from which on a certificate should be renewed.
const fewDays = 14

// certificateTone returns the tone of what is left of a certificate.
func certificateTone(cell string) colour.Tone {
	days, err := strconv.Atoi(strings.TrimSuffix(cell, "d"))
	switch {
	case cell == expired:
		return colour.Bad
	case err == nil && days < fewDays:
		return colour.Caution
	}
	return colour.Plain
}

// expired stands for what is left of an expired certificate.
const expired = "gone"

// left returns the whole days until a certificate expires.
func (r EndpointOverview) left(expires time.Time) string {
	switch {
	case expires.IsZero():
		return "-"
	case !expires.After(r.Now):
		return expired
	}
	return fmt.Sprintf("%dd", int(expires.Sub(r.Now).Hours()/24))
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// shortDuration formats a duration with three digits.
func shortDuration(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	unit := time.Nanosecond
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// shortCount formats a number with at most four characters, up to 1,000 millions.
func shortCount(n int64) string {
	switch {
	case n < 10_000:
		return strconv.FormatInt(n, 10)
	case n < 1_000_000:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprintf("%dM", n/1_000_000)
}

// percent returns part as a percentage of whole, or a dash if whole is not known.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "-"
	}
	return fmt.Sprintf("%d%%", int64(float64(part)*100/float64(whole)+0.5))
}
