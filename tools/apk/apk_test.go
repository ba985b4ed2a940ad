package apk

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// content is a package before it is packed.
type content struct {
	info  string // .PKGINFO, with DIGEST for the digest of the files
	files []tar.Header
	texts []string
}

func good() content {
	sum := fmt.Sprintf("%x", sha1.Sum([]byte("program")))
	return content{
		info: "pkgname = ectl\npkgver = 1.2.3_rc1\narch = x86_64\nsize = 7\npkgdesc = a program\n  in two lines\nurl = https://example.org\n" +
			"maintainer = Nemo <nemo@example.org>\ndepend = etcd>=3.4\nlicense = Apache-2.0\ndatahash = DIGEST\n",
		files: []tar.Header{
			{Name: "usr/", Typeflag: tar.TypeDir, Mode: 0o755},
			{Name: "usr/ectl", Typeflag: tar.TypeReg, Mode: 0o755, Size: 7, PAXRecords: map[string]string{checksum: sum}},
			{Name: "usr/etcdctl", Typeflag: tar.TypeSymlink, Linkname: "ectl"},
		},
		texts: []string{"", "program", ""},
	}
}

func pack(t *testing.T, c content) []byte {
	t.Helper()
	archive := func(headers []tar.Header, texts []string) []byte {
		var packed bytes.Buffer
		compressed := gzip.NewWriter(&packed)
		writer := tar.NewWriter(compressed)
		for i, header := range headers {
			if err := writer.WriteHeader(&header); err != nil {
				t.Fatal(err)
			}
			if _, err := writer.Write([]byte(texts[i])); err != nil {
				t.Fatal(err)
			}
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
		if err := compressed.Close(); err != nil {
			t.Fatal(err)
		}
		return packed.Bytes()
	}
	data := archive(c.files, c.texts)
	info := strings.Replace(c.info, "DIGEST", fmt.Sprintf("%x", sha256.Sum256(data)), 1)
	control := archive([]tar.Header{{Name: ".PKGINFO", Mode: 0o600, Size: int64(len(info))}}, []string{info})
	return append(control, data...)
}

func TestFaultsOfAPackageAreFound(t *testing.T) {
	info := func(old, with string) func(*content) {
		return func(c *content) { c.info = strings.Replace(c.info, old, with, 1) }
	}
	for name, test := range map[string]struct {
		change func(*content)
		want   string // part of the error, or nothing
	}{
		"good":                {func(*content) {}, ""},
		"prerelease with dot": {info("_rc1", "_rc.1"), "invalid pkgver"},
		"snapshot of semver":  {info("_rc1", "-SNAPSHOT-0123456"), "invalid pkgver"},
		"unknown word":        {info("_rc1", "_snapshot1"), "invalid pkgver"},
		"Debian's tilde":      {info("_rc1", "~rc1"), "invalid pkgver"},
		"architecture of Go":  {info("x86_64", "amd64"), "invalid arch"},
		"no licence":          {info("license = Apache-2.0\n", ""), "0 fields license"},
		"two names":           {info("arch", "pkgname = other\narch"), "2 fields pkgname"},
		"no maintainer":       {info(" <nemo@example.org>", ""), "invalid maintainer"},
		"wrong size":          {info("size = 7", "size = 8"), "the files have 7 bytes"},
		"wrong digest":        {info("DIGEST", strings.Repeat("0", 64)), "datahash is"},
		"wrong dependency":    {info("etcd>=3.4", "etcd>=3.x"), "invalid depend"},
		"line without field":  {info("license", "nonsense\nlicense"), "no field"},
		"wrong checksum":      {func(c *content) { c.texts[1] = "PROGRAM" }, "but the content has"},
		"no checksum":         {func(c *content) { c.files[1].PAXRecords = nil }, `is "", but`},
		"no folder":           {func(c *content) { c.files, c.texts = c.files[1:], c.texts[1:] }, "its folder is missing"},
		"way out":             {func(c *content) { c.files[2].Name = "../etcdctl" }, "not a path below the root"},
	} {
		t.Run(name, func(t *testing.T) {
			c := good()
			test.change(&c)
			p, err := Check(pack(t, c))
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
			if err == nil && (len(p.Files) != 3 || p.Field("pkgname") != "ectl") {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func TestADamagedPackageIsRefused(t *testing.T) {
	whole := pack(t, good())
	for name, damaged := range map[string][]byte{
		"empty": nil, "half": whole[:len(whole)/2], "more": append(bytes.Clone(whole), whole...), "not compressed": []byte("ectl"),
	} {
		if _, err := Check(damaged); err == nil {
			t.Errorf("%s: the package is accepted", name)
		}
	}
}
