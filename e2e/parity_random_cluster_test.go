package e2e

import (
	"fmt"
	"strings"
)

// The lines of this file are about everything but access control: what is not
// their business is in parity_random_test.go.

const leasesHead = `lease 1f 9000
lease 2f 9000
lease 4d 9000
lease 694d7e4f1a2b3c05 9000
setup put a 1
setup put b 1
setup put a 2
setup put /x/1 1
setup put $'bin\xff' $'\xfe\x01'
setup put k1f v --lease 1f
setup put k2f v --lease 2f
setup del b
setup put b 2
setup put empty ''
setup compaction 3
setup role add app
setup role grant-permission app readwrite /x/ --prefix
setup role grant-permission app read a
setup user add alice:pw
setup user grant-role alice app
`

// clusterLine is a line for two servers with the same contents, of one member
// each, and what follows it.
func (g *lineGenerator) clusterLine() string {
	switch g.IntN(30) {
	case 0, 1, 2, 3, 4, 5, 6, 7, 8:
		return g.command("txn", g.maybe(12, "-i", "--interactive=false", "word")) + stdin(g.transaction())
	case 9, 10, 11, 12, 13:
		return g.leaseLine()
	case 14, 15:
		return g.command("compaction", g.maybe(4, "--physical", "--physical=false"), g.argument(g.number()), g.maybe(15, "3"))
	case 16, 17, 18, 19:
		return g.watchLine()
	case 20:
		return g.inEnvironmentOfWatch() + g.command("watch", "-i", g.maybe(8, "a", "--prefix")) + stdin(g.pick("", "\n", "word\n", "watch\n",
			"watch a b --prefix\n", "watch a --bogus\n", "watch a --\n", "progress\nprogress\n", "put a b\n", "watch \"\\q\"\n", "watch --rev x a\n",
			"'watch\n", "watch -h\n", "progress", "Watch a\n", "\"wat\\x63h\"\n", "watch -- echo\n", "watch a -w json\n"))
	case 21, 22, 23:
		return g.memberLine()
	case 24:
		version := g.pick("3.5", "3.8", "3", "x", "''", "3.7", "3.7.0", "4.0", "3.7.0-rc.1", "v3.6", "3.4", "-1", "3.06")
		return g.command(g.pick("downgrade enable", "downgrade validate", "downgrade validate", "downgrade cancel"), g.argument(version), g.maybe(15, "3.5"))
	case 25:
		return g.command(g.pick("alarm list", "alarm disarm"), g.maybe(8, "word", "''"))
	case 26:
		return g.command("snapshot save", g.argument(g.pick("db", "./db", "nowhere/db", ".", "'two words'", "é", "$'\\xff'")), g.maybe(8, "more"))
	case 27:
		return g.command("make-mirror", g.argument(g.pick("$ENDPOINT", "127.0.0.1:1")), g.pick("--rev x", "--max-txn-ops -1", "--max-txn-ops=x --prefix a",
			"--dest-cert nothing", "--dest-cacert nothing", "--no-dest-prefix=x"))
	case 28:
		return g.pick(
			g.command(g.pick("check perf", "check datascale"), "--load "+g.pick("tiny", "''", "S", "'xl '", "Large"), g.maybe(3, "--prefix a", "word")),
			g.command("elect", g.pick("", "name", "name proposal -l", "a b c", "name -l=x", "-l", "name --listen=false")),
			g.command("lock", g.pick("", "--ttl x name", "name --ttl 1.5", "name --ttl 99999999999", "name --ttl")))
	default:
		return g.pick(
			g.command("put", g.argument(g.key()), g.argument("v"), g.maybe(4, "--prev-kv", "--lease 4d", "--lease 77")),
			g.command("del", g.argument(g.key()), g.maybe(4, "--prev-kv")),
			g.command("get", g.argument(g.key()), g.maybe(3, "--prefix", "--rev 5")))
	}
}

func (g *lineGenerator) leaseLine() string {
	id := g.pick("1f", "1f", "2f", "4d", "1F", "001f", "0x1f", "694d7e4f1a2b3c05", "694D7E4F1A2B3C05", "77", "zz", "''", "0", "-1", "+1f",
		"ffffffffffffffff", "7fffffffffffffff", "8000000000000000", "' 1f'", "1_f")
	words := id
	if strings.HasPrefix(id, "-") {
		words = "-- " + id
	}
	switch g.IntN(10) {
	case 0, 1:
		return g.command("lease grant", g.argument(g.pick("8000", "+8000", "9000", "9000", "x", "''", "1.5", "10s", "99999999999", "9223372036854775808", "0x10")),
			g.maybe(12, "60")) + volatileKinds("lease-id")
	case 2, 3, 4:
		return g.command("lease timetolive", g.maybe(2, "--keys", "--keys=false"), g.argument(words), g.maybe(15, "2f")) + volatileKinds("remaining")
	case 5, 6:
		return g.command("lease keep-alive", "--once", g.argument(words), g.maybe(15, "2f"))
	case 7:
		return g.command("lease keep-alive", g.argument(g.pick("77", "zz", "''", "0", "8000000000000000")))
	case 8:
		return g.command("lease revoke", g.argument(g.pick("77", "zz", "0", "2f", "''", "+99", "-- -1")), g.maybe(15, "2f"))
	default:
		return g.command("lease list", g.maybe(8, "word")) + volatileKinds("lease-ids")
	}
}

// watchLine is a watch that ends: by its command, which fails, or because it is
// refused.
func (g *lineGenerator) watchLine() string {
	flags := g.maybe(3, "--prev-kv", "--progress-notify", "--prefix", "--prefix=false")
	switch g.IntN(8) {
	case 0:
		return g.inEnvironmentOfWatch() + g.command("watch", flags, g.pick("", "a b --prefix", "a --", "-- echo", "--rev x a", "z a", "b a", "a --rev 2", "a --bogus"))
	case 1:
		return g.command("watch", flags, g.pick("a", "''", "/x/1", "a c"), g.pick("--rev 1", "--rev 2", "--rev=1 -- echo never"))
	}
	keys := g.pick("a", "a", "a c", "b", "empty", "k1f", `$'bin\xff'`, "/x/1", "'' --prefix", "/ --prefix", "a d e", "-- a")
	if keys != "-- a" {
		keys += " --rev " + g.pick("3", "3", "4")
	}
	return g.command("watch", flags, keys, g.pick("-- false", "-- false", "-- sh -c 'exit 7'", "-- no-such-command",
		`-- sh -c 'echo "$ETCD_WATCH_REVISION|$ETCD_WATCH_EVENT_TYPE|$ETCD_WATCH_KEY|$ETCD_WATCH_VALUE"; false'`))
}

func (g *lineGenerator) inEnvironmentOfWatch() string {
	return g.maybe(6, "ETCDCTL_WATCH_KEY= ", "ETCDCTL_WATCH_RANGE_END=c ", "ETCDCTL_WATCH_KEY='' ETCDCTL_WATCH_RANGE_END='' ")
}

func (g *lineGenerator) memberLine() string {
	id := g.pick("1", "deadbeef", "0", "xyz", "''", "0x1", "-- -1", "11112222333344445", "ffffffffffffffff", "+1", "' 1'")
	urls := "--peer-urls" + g.pick("=", " ") + g.pick("nonsense", "127.0.0.1:9", "http://127.0.0.1:2380", "http://127.0.0.1:9,nonsense", "http://127.0.0.1",
		"''", "http://x:1/path", "ftp://127.0.0.1:9", "http://127.0.0.1:2380,http://127.0.0.1:2380", "http://127.0.0.1:9,", "http://127.0.0.1:x")
	switch g.IntN(8) {
	case 0, 1, 2:
		return g.command("member list", g.maybe(2, "--consistency=l", "--consistency s", "--consistency=", "--consistency=L", "word"))
	case 3:
		return g.command("member promote", g.argument(id), g.maybe(15, "2"))
	case 4:
		return g.command("member remove", g.argument(id), g.maybe(15, "2"))
	case 5:
		return g.command("member update", g.pick(urls, urls, ""), g.argument(id), g.maybe(15, "2"))
	default:
		return g.command("member add", g.maybe(3, "--learner"), g.argument("m2"), g.pick(urls, urls, ""), g.maybe(8, "http://127.0.0.1:9"))
	}
}

// endpointLine is a line for three members, and reads or hands over.
func (g *lineGenerator) endpointLine() string {
	endpoints := g.pick("", "", "", "--endpoints $ENDPOINT", "--endpoints $FOLLOWER_URL", "--endpoints $LEADER_URL,$FOLLOWER_URL",
		"--endpoints $LEADER_URL --endpoints $FOLLOWER_URL", "--endpoints=$LEADER_URL,$LEADER_URL", "--cluster", "--cluster", "--cluster=false")
	if g.IntN(12) == 0 {
		endpoints = "--command-timeout 300ms --endpoints " + g.pick("$DEAD", "$DEAD,$LEADER_URL", "nonsense", "''", "$LEADER_URL,")
	}
	switch g.IntN(8) {
	case 0, 1:
		// Endpoints are listed as they answer: a JSON document is in any order.
		line := "json"
		for strings.Contains(line, "json") {
			line = g.commandWithoutFormat("endpoint health", endpoints, g.maybe(4, "-w fields", "-w table", "--hex", "-w protobuf"), g.maybe(12, "word"))
		}
		return line + volatileKinds("took", "order")
	case 2, 3:
		return g.command("endpoint status", endpoints, g.maybe(12, "word", "--rev 1")) + volatileKinds("raft-index")
	case 4, 5:
		return g.command("endpoint hashkv", endpoints, g.maybe(2, "--rev 2", "--rev=3", "--rev=0", "--rev -1", "--rev=99", "--rev x"))
	case 6:
		return g.command("defrag", endpoints, g.maybe(12, "word")) + volatileKinds("took")
	default:
		// Which member leads changes in between: whose it is has to be looked up.
		moved := "--endpoints " + g.pick("$LEADER_URL", "$ENDPOINT", "$FOLLOWER_URL,$LEADER_URL", "$FOLLOWER_URL")
		endpoints = strings.ReplaceAll(strings.ReplaceAll(endpoints, "--cluster=false", ""), "--cluster", "")
		return g.pick(
			g.command("move-leader", moved, g.argument(g.pick("$FOLLOWER_ID", "$LEADER_ID", "1", "xyz", "0x1", "''", "-- -1")))+volatileKinds("leader"),
			g.command("member list", endpoints, g.maybe(3, "--consistency s")),
			g.command("alarm list", endpoints))
	}
}

// lockLine is a line of "lock" with a command.
func (g *lineGenerator) lockLine() string {
	command := g.pick("true", "false", "sh -c 'exit 7'", "sh -c 'exit 255'", "sh -c 'kill -TERM $$'", "sh -c 'kill -KILL $$'", "no-such-command", "/",
		"echo a 'b  c' --", "sh -c 'echo $ETCD_LOCK_KEY; echo $ETCD_LOCK_REV; echo err >&2'", "cat", "''", "etcdctl lock inner -- echo both", "echo -- --ttl 3")
	name := g.pick("n", "n", "a/b", "a/b/", "''", "'two words'", "é", `$'\xff'`)
	dashes := g.pick("--", "--", "--", "")
	if dashes == "" && strings.Contains(command, " -") {
		dashes = "--"
	}
	return g.command("lock", g.maybe(4, "--ttl 3", "--ttl=60", "--ttl 0", "--ttl=-7"), name, dashes, command) +
		volatileKinds("queue-key")
}

// command is a command line of these parts, some of them empty. Names of
// commands may be prefixes of them, and global options stand anywhere.
func (g *lineGenerator) command(name string, parts ...string) string {
	if g.IntN(2) == 0 {
		format := g.pick("json", "json", "simple", "fields", "protobuf", "table", "xml")
		if name == "watch" && format == "table" {
			format = "fields" // no table has room for what a failing command says
		}
		parts = append([]string{"-w " + format}, parts...)
	}
	return g.commandWithoutFormat(name, parts...)
}

func (g *lineGenerator) commandWithoutFormat(name string, parts ...string) string {
	names := strings.Fields(name)
	if g.IntN(8) == 0 {
		i := g.IntN(len(names))
		names[i] = names[i][:1+g.IntN(len(names[i]))]
	}
	words := names
	for i, part := range parts {
		// What the command line begins with, options say, may stand before the
		// names.
		if i == 0 && part != "" && strings.HasPrefix(part, "-w ") && g.IntN(3) == 0 {
			words = append([]string{part}, words...)
			continue
		}
		if part != "" {
			words = append(words, part)
		}
	}
	for g.IntN(8) == 0 {
		i := g.IntN(len(words) + 1)
		option := g.pick("--hex", "--hex", "--hex=false", "--debug=false", "--command-timeout 9s", "--dial-timeout=3s", "--nope", "-x", "--", "--insecure-transport",
			"--limit 1", "--password x", "--user alice:pw", "-w=json", "-wfields", "--keepalive-time=5s", "--max-recv-bytes 9999999")
		words = append(words[:i:i], append([]string{option}, words[i:]...)...)
	}
	return g.environment() + g.maybe(12, "ETCDCTL_USER=alice:pw ", "ETCDCTL_USER= ", "ETCDCTL_USER=alice:wrong ") + "etcdctl " + strings.Join(words, " ")
}

// maybe is one of these, or, n times in n+1, nothing.
func (g *lineGenerator) maybe(n int, from ...string) string {
	if g.IntN(n+1) > 0 {
		return ""
	}
	return g.pick(from...)
}

// argument is rarely missing.
func (g *lineGenerator) argument(word string) string {
	if g.IntN(15) == 0 {
		return ""
	}
	return word
}

func (g *lineGenerator) key() string {
	return g.pick("a", "b", "/x/1", "/x/2", "/x/", "zz", "''", `$'bin\xff'`, "empty", "é", "'k k'")
}

func (g *lineGenerator) number() string {
	return g.pick("0", "1", "3", "4", "5", "6", "8", "12", "20", "-- -1", "+4", "x", "''", "007", "0x4", "1_0", "99999", "9223372036854775807", "9223372036854775808", "4.0", "' 4'")
}

// stdin is what a line's command reads.
func stdin(text string) string {
	var quoted strings.Builder
	for _, b := range []byte(text) {
		if b < ' ' || b > '~' || b == '\'' || b == '\\' {
			fmt.Fprintf(&quoted, `\x%02x`, b)
		} else {
			quoted.WriteByte(b)
		}
	}
	return "\n\tstdin $'" + quoted.String() + "'"
}

func volatileKinds(kinds ...string) string { return "\n\tvolatile " + strings.Join(kinds, " ") }

// transaction is the input of "txn", mostly a right one.
func (g *lineGenerator) transaction() string {
	var text strings.Builder
	for part := range 3 {
		for g.IntN(2) == 0 {
			line := g.request()
			if part == 0 {
				line = g.comparison()
			}
			text.WriteString(g.pick("", "", "", " ", "\t", " ") + line + g.pick("\n", "\n", "\n", "\n", "\r\n", " \n"))
		}
		text.WriteString(g.pick("\n", "\n", "\n", "\n", "\n", "\r\n", " \t\n", "\v\n"))
	}
	text.WriteString(g.maybe(20, "more", "\n", "put a b\n"))
	input := text.String()
	for g.IntN(6) == 0 && input != "" {
		i := g.IntN(len(input))
		switch g.IntN(4) {
		case 0:
			input = input[:i]
		case 1:
			input = input[:i] + input[i+1:]
		default:
			input = input[:i] + g.pick("\"", "'", "\\", "`", " ", "\n", "(", ")", "=", "-", "\xff", "\x00") + input[i:]
		}
	}
	return input
}

func (g *lineGenerator) comparison() string {
	target := g.pick("val", "val", "value", "ver", "ver", "version", "c", "create", "m", "mod", "mod", "lease", "foo", "Ver")
	value := g.pick(`"0"`, `"0"`, `"1"`, `"1"`, `"5"`, `"100"`, `"-1"`, `"+1"`, `"007"`, `"x"`, `""`, `"9223372036854775807"`, `"9223372036854775808"`, `"1.0"`, "`1`", "'1'", "1", `"\x31"`)
	if strings.HasPrefix(target, "val") {
		value = g.pick(`"1"`, `"2"`, `"v"`, `""`, `"\xfe\x01"`, `"é"`, "`v`", "'v'", "\"\xff\"")
	}
	key := g.pick(`"a"`, `"a"`, `"b"`, `"none"`, `""`, `"bin\xff"`, `"/x/1"`, "`a`", `"a b"`, `"\q"`, "a")
	return target + "(" + key + ")" + g.pick(" ", " ", " ", " ", "  ", "\t", "") +
		g.pick("=", "!=", "<", ">", "=", "!=", "<", ">", "==", ">=", "!") + g.pick(" ", " ", " ", " ", "  ", "\t", "") + value +
		g.maybe(20, " more", "\t", ` "x"`)
}

func (g *lineGenerator) request() string {
	name := g.pick("get", "get", "get", "put", "put", "del", "g", "pu", "de", "GET", "foo", `"get"`, "'put'", "", "help get")
	space := g.pick(" ", " ", " ", " ", "  ", "\t", "\f", "\v")
	word := func() string {
		return g.pick("a", "a", "b", "/x/1", "/x/9", "zz", `"a b"`, `'c d'`, `""`, "''", `"bin\xff"`, `"\x00"`, "é", "\xff", `a"b`, "it's", "`r`", "\u00a0", "k=v", "-", `"\q"`, `"é\t"`)
	}
	words := []string{word()}
	var options []string
	switch strings.ToLower(strings.Trim(name, `"'`)) {
	case "put", "pu":
		words = append(words, word())
		options = []string{"--prev-kv", "--prev-kv", "--lease=4d", "--lease 4d", "--lease=zz", "--lease=77", "--ignore-lease", "--ignore-value", "--lease=-1", `--lease "4D"`, "--lease="}
	case "del", "de":
		options = []string{"--prev-kv", "--prev-kv", "--prefix", "--range", "--from-key=false"}
	default:
		if g.IntN(4) == 0 {
			words = append(words, word())
		}
		options = []string{"--prefix", "--prefix", "--from-key", "--keys-only", "--count-only", "--limit 1", "--limit=2", "--limit -1", "--limit x", "--rev 5", "--rev=9999",
			"--order DESCEND", "--order=up", "--sort-by VALUE", "--sort-by x", "--consistency s", "--consistency=x", "--min-mod-rev 5", "--max-mod-rev=6", "--print-value-only",
			"--max-create-rev 4 --min-create-rev 5", "--stream", `--order "ascend"`}
	}
	for g.IntN(3) == 0 {
		options := append(options, "--hex", "-w json", "--bogus", "-h", "--")
		i := g.IntN(len(words) + 1)
		words = append(words[:i:i], append([]string{g.pick(options...)}, words[i:]...)...)
	}
	if g.IntN(25) == 0 {
		name = g.pick("--prefix=true", "--limit 1", "-", "--keys-only") + space + name
	}
	return name + space + strings.Join(words, space)
}
