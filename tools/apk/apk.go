// Package apk checks packages of Alpine Linux, in the format that apk 2 and later read.
//
// Such a package is two archives in a row, each compressed by itself. The first one has the file
// .PKGINFO with lines as in "pkgname = ectl". It has the SHA-256 of the second one, as it is
// compressed. The second one has the files, each with its SHA-1 in a record of its header.
package apk

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// File is a file, a link or a folder of a package.
type File struct {
	Path, Owner, Group string
	Mode               int64
	Type               byte // as in archive/tar
	Link               string
}

// String returns the mode, the owner and the group of the file, and its path. The target of a
// link follows after an arrow.
func (f File) String() string {
	line := fmt.Sprintf("%04o %s:%s %s", f.Mode&0o7777, f.Owner, f.Group, f.Path)
	if f.Link != "" {
		line += " -> " + f.Link
	}
	return line
}

// Package is the content of a package.
type Package struct {
	Info  map[string][]string // the fields of .PKGINFO
	Files []File
}

// Name returns the name of the package's file: that in a repository of Alpine, apart from its
// separators.
func (p *Package) Name() string {
	return fmt.Sprintf("%s_%s_%s.apk", p.Field("pkgname"), p.Field("pkgver"), p.Field("arch"))
}

// Check reads a package. The error has all of its faults.
func Check(content []byte) (*Package, error) {
	control, rest, err := member(content)
	if err != nil {
		return nil, fmt.Errorf("the first archive: %w", err)
	}
	data, rest2, err := member(rest)
	if err != nil {
		return nil, fmt.Errorf("the second archive: %w", err)
	}
	if len(rest2) > 0 {
		return nil, fmt.Errorf("%d bytes follow the second archive", len(rest2))
	}
	p := &Package{Info: map[string][]string{}}
	size, err := p.readFiles(data)
	return p, errors.Join(p.readInfo(control), err, p.checkInfo(size, sha256.Sum256(rest)))
}

// member decompresses the first member of the content, and returns what follows it.
func member(content []byte) (plain, rest []byte, err error) {
	source := bytes.NewReader(content)
	reader, err := gzip.NewReader(source)
	if err != nil {
		return nil, nil, err
	}
	reader.Multistream(false)
	if plain, err = io.ReadAll(reader); err != nil {
		return nil, nil, err
	}
	return plain, content[len(content)-source.Len():], nil
}

// readInfo reads the fields of .PKGINFO, which is the first file of its archive.
func (p *Package) readInfo(archive []byte) error {
	reader := tar.NewReader(bytes.NewReader(archive))
	header, err := reader.Next()
	if err != nil {
		return fmt.Errorf(".PKGINFO: %w", err)
	}
	if header.Name != ".PKGINFO" {
		return fmt.Errorf("the first file is %s, not .PKGINFO", header.Name)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		return fmt.Errorf(".PKGINFO: %w", err)
	}
	if !bytes.HasSuffix(text, []byte("\n")) {
		return errors.New(".PKGINFO ends within a line")
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		field, value, ok := strings.Cut(line, " = ")
		// apk passes over lines without a field. A description has its other lines so.
		if line == "" || line[0] == '#' || line[0] == ' ' && !ok && len(p.Info["pkgdesc"]) > 0 {
			continue
		}
		if !ok {
			return fmt.Errorf(".PKGINFO has a line that is no field: %q", line)
		}
		p.Info[field] = append(p.Info[field], value)
	}
	return nil
}

// grammar returns the form of each field that a package must have exactly once.
func grammar() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"pkgname":    regexp.MustCompile(`^[a-z0-9][a-z0-9._+-]*$`),
		"pkgver":     version(),
		"pkgdesc":    regexp.MustCompile(`^[^\n]{1,200}$`),
		"arch":       regexp.MustCompile(`^(aarch64|armhf|armv7|loongarch64|noarch|ppc64le|riscv64|s390x|x86|x86_64)$`),
		"size":       regexp.MustCompile(`^[0-9]+$`),
		"url":        regexp.MustCompile(`^https://`),
		"maintainer": regexp.MustCompile(`^[^<>]+ <[^<> ]+@[^<> ]+>$`),
		"license":    regexp.MustCompile(`^[A-Za-z0-9.+ ()-]+$`),
		"datahash":   regexp.MustCompile(`^[0-9a-f]{64}$`),
	}
}

// version is the grammar of versions: numbers, a letter, words with numbers, a commit, and a
// revision of the package.
func version() *regexp.Regexp {
	return regexp.MustCompile(`^[0-9]+(\.[0-9]+)*[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*(~[0-9a-f]+)?(-r[0-9]+)?$`)
}

// checkInfo checks the fields of .PKGINFO. The size is that of the files together, and the digest
// that of their archive.
func (p *Package) checkInfo(size int64, digest [sha256.Size]byte) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(".PKGINFO: "+format, args...)) }
	for field, form := range grammar() {
		values := p.Info[field]
		switch {
		case len(values) != 1:
			fault("%d fields %s, not 1", len(values), field)
		case !form.MatchString(values[0]):
			fault("invalid %s: %q", field, values[0])
		}
	}
	dependency := regexp.MustCompile(`^[a-z0-9][a-z0-9._+-]*([<>=~]+(.*))?$`)
	for _, value := range p.Info["depend"] {
		parts := dependency.FindStringSubmatch(value)
		if parts == nil || parts[2] != "" && !version().MatchString(parts[2]) {
			fault("invalid depend: %q", value)
		}
	}
	if got := p.Field("size"); got != strconv.FormatInt(size, 10) {
		fault("size is %s, but the files have %d bytes", got, size)
	}
	if got := p.Field("datahash"); got != hex.EncodeToString(digest[:]) {
		fault("datahash is %s, but the archive has %x", got, digest)
	}
	return errors.Join(faults...)
}

// Field returns the first value of a field, or "".
func (p *Package) Field(name string) string {
	if values := p.Info[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// checksum is the record of a header that has the SHA-1 of the content.
const checksum = "APK-TOOLS.checksum.SHA1"

// readFiles reads the archive of the files and returns their size together.
func (p *Package) readFiles(archive []byte) (size int64, err error) {
	var faults []error
	fault := func(name, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: "+format, append([]any{name}, args...)...))
	}
	folders := map[string]bool{".": true}
	for reader := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return size, errors.Join(faults...)
		} else if err != nil {
			return 0, fmt.Errorf("the archive of the files: %w", err)
		}
		name := path.Clean(header.Name)
		if path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") || name[0] == '.' {
			fault(header.Name, "not a path below the root")
		}
		if !folders[path.Dir(name)] {
			fault(name, "its folder is missing, or comes later")
		}
		p.Files = append(p.Files, File{name, header.Uname, header.Gname, header.Mode, header.Typeflag, header.Linkname})
		switch header.Typeflag {
		case tar.TypeDir:
			folders[name] = true
		case tar.TypeReg:
			content, err := io.ReadAll(reader)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", name, err)
			}
			size += int64(len(content))
			want := fmt.Sprintf("%x", sha1.Sum(content))
			if got := header.PAXRecords[checksum]; got != want {
				fault(name, "%s is %q, but the content has %s", checksum, got, want)
			}
		case tar.TypeSymlink:
		default:
			fault(name, "unknown type %q", header.Typeflag)
		}
	}
}
