package console

import (
	"strconv"
	"strings"
	"time"
)

const (
	// innerWidth is the number of columns between the borders of a panel.
	innerWidth = 62
	labelWidth = 13
	margin     = 2
	valueWidth = innerWidth - labelWidth - 2*margin

	// minToolWidth and maxToolWidth bound the column of the step names, maxDetailWidth
	// that of the details.
	minToolWidth   = 19
	maxToolWidth   = 40
	maxDetailWidth = 48
	durationWidth  = len("Duration")
	statusWidth    = len("Status")

	// maxLines bounds the table. A trace has more steps than anybody reads.
	maxLines = 100

	// idDigits is what is shown of a trace ID.
	idDigits = 8

	title   = "genotel trace"
	indent  = "  "
	nothing = "-" // stands for what is not known
)

// frame holds the characters that a panel is drawn with.
type frame struct {
	topLeft, topRight, bottomLeft, bottomRight, horizontal, vertical string
}

var (
	boxFrame   = frame{"╭", "╮", "╰", "╯", "─", "│"}
	asciiFrame = frame{"+", "+", "+", "+", "-", "|"}
)

// row is a line of a panel.
type row struct{ label, value string }

// painter writes a panel and the table below it.
type painter struct {
	strings.Builder
	frame frame
	ascii bool
}

// paint returns the whole text, which ends with an empty line.
func paint(rows []row, status string, steps []step, ascii bool) string {
	p := painter{frame: boxFrame, ascii: ascii}
	if ascii {
		p.frame = asciiFrame
	}
	p.panel(rows, status)
	if len(steps) > 0 {
		p.table(steps)
	}
	p.WriteString("\n")
	return p.String()
}

func (p *painter) panel(rows []row, status string) {
	f := &p.frame
	left, right := strings.Repeat(f.horizontal, margin)+" "+title+" ", " "+status+" "+strings.Repeat(f.horizontal, margin)
	p.border(f.topLeft, left+strings.Repeat(f.horizontal, innerWidth-width(left)-width(right))+right, f.topRight)
	p.border(f.vertical, strings.Repeat(" ", innerWidth), f.vertical)
	for _, r := range rows {
		value := cut(clean(r.value, p.ascii), valueWidth, p.ascii)
		if value == "" {
			value = nothing
		}
		line := strings.Repeat(" ", margin) + pad(r.label, labelWidth) + value
		p.border(f.vertical, pad(line, innerWidth), f.vertical)
	}
	p.border(f.vertical, strings.Repeat(" ", innerWidth), f.vertical)
	p.border(f.bottomLeft, strings.Repeat(f.horizontal, innerWidth), f.bottomRight)
}

func (p *painter) border(left, between, right string) {
	p.WriteString(indent + left + between + right + "\n")
}

func (p *painter) table(steps []step) {
	shown := steps[:min(len(steps), maxLines)]
	numberWidth, toolWidth := len(strconv.Itoa(len(shown))), minToolWidth
	names := make([]string, len(shown))
	for i, s := range shown {
		names[i] = cut(clean(s.name, p.ascii), maxToolWidth, p.ascii)
		toolWidth = max(toolWidth, width(names[i]))
	}
	line := func(number, name, duration, status, detail string) {
		text := strings.Join([]string{
			padLeft(number, numberWidth), pad(name, toolWidth), padLeft(duration, durationWidth),
			pad(status, statusWidth), detail,
		}, "  ")
		p.WriteString(indent + strings.TrimRight(text, " ") + "\n")
	}
	p.WriteString("\n")
	line("#", "Tool", "Duration", "Status", "Detail")
	for i, s := range shown {
		status := "OK"
		if s.failed {
			status = "FAIL"
		}
		line(strconv.Itoa(i+1), names[i], milliseconds(s.duration), status,
			cut(clean(s.detail, p.ascii), maxDetailWidth, p.ascii))
	}
	if more := len(steps) - len(shown); more > 0 {
		p.WriteString(indent + "and " + plural(int64(more), "more step") + "\n")
	}
}

// rows are the lines of a panel, in their order.
func (d *digest) rows(of *report, prompt string) []row {
	return []row{
		{"Trace ID", "tr_" + of.id.String()[:idDigits]},
		{"Prompt", prompt},
		{"Model", strings.Join(d.models, ", ")},
		{"Project", of.project},
		{"Environment", of.environment},
		{"Latency", latency(d.latency)},
		{"Token Count", d.tokens},
		{"Retries", strconv.FormatInt(d.retries, 10)},
		{"Steps", d.stepCount(of)},
		{"Status", d.status()},
	}
}

func (d *digest) status() string {
	if d.failed {
		return "FAILED"
	}
	return "SUCCESS"
}

// latency is for instance "1,240.00 ms".
func latency(d time.Duration) string {
	digits := strconv.FormatFloat(float64(max(d, 0))/float64(time.Millisecond), 'f', 2, 64)
	whole, fraction, _ := strings.Cut(digits, ".")
	return thousands(whole) + "." + fraction + " ms"
}

// thousands separates the digits of a whole number.
func thousands(digits string) string {
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// milliseconds is for instance "1240ms".
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(max(d, 0).Round(time.Millisecond).Milliseconds(), 10) + "ms"
}
