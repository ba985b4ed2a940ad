package main

import (
	"fmt"
	"html"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// The sizes of the picture, in its own units.
const (
	cellWidth  = 8.4
	lineHeight = 19
	margin     = 20
	fontSize   = 14
)

// draw returns the screen as an SVG. Each run of cells of one style gets a position, so
// that columns are aligned in every font.
func draw(screen *vt.Emulator) string {
	lines := strings.Split(strings.TrimRight(screen.String(), " \r\n"), "\n")
	width, height := columns*cellWidth+2*margin, len(lines)*lineHeight+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.0f %d" role="img">
<!-- Written by make recording from a real run. -->
<title>A terminal session of ectl</title>
<style>
text { font: %dpx ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #e6edf3; white-space: pre }
.bold { font-weight: 700 } .faint { fill: #8b949e } .red { fill: #ff7b72 } .green { fill: #7ee787 } .yellow { fill: #e3b341 }
</style>
<rect width="100%%" height="100%%" rx="8" fill="#0d1117"/>
`, width, height, width, height, fontSize)
	for y := range lines {
		drawLine(&b, screen, y)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func drawLine(b *strings.Builder, screen *vt.Emulator, y int) {
	var spans strings.Builder
	for x := 0; x < columns; {
		start, class, text := x, classOf(screen.CellAt(x, y)), ""
		for x < columns && classOf(screen.CellAt(x, y)) == class {
			cell := screen.CellAt(x, y)
			text += contentOf(cell)
			x += max(cell.Width, 1)
		}
		// Blanks at the start are in the position.
		start += len(text) - len(strings.TrimLeft(text, " "))
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if class != "" {
			class = fmt.Sprintf(` class="%s"`, class)
		}
		fmt.Fprintf(&spans, `<tspan x="%.1f"%s>%s</tspan>`, margin+float64(start)*cellWidth, class, html.EscapeString(text))
	}
	if spans.Len() > 0 {
		fmt.Fprintf(b, "<text y=\"%d\">%s</text>\n", margin+(y+1)*lineHeight-5, &spans)
	}
}

// contentOf returns the text of a cell. An empty cell is a blank.
func contentOf(cell *uv.Cell) string {
	if cell.Content == "" {
		return " "
	}
	return cell.Content
}

// classOf returns the class of a cell's style.
func classOf(cell *uv.Cell) string {
	var classes []string
	for _, a := range []struct {
		attribute uint8
		class     string
	}{{uv.AttrBold, "bold"}, {uv.AttrFaint, "faint"}} {
		if cell.Style.Attrs&a.attribute != 0 {
			classes = append(classes, a.class)
		}
	}
	switch cell.Style.Fg {
	case ansi.Red, ansi.BrightRed:
		classes = append(classes, "red")
	case ansi.Green, ansi.BrightGreen:
		classes = append(classes, "green")
	case ansi.Yellow, ansi.BrightYellow:
		classes = append(classes, "yellow")
	}
	return strings.Join(classes, " ")
}
