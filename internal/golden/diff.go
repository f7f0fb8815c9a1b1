package golden

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// contextLines stand before and after each change, so that its place can be found.
	contextLines = 3
	// maxDiffLines bounds what a test prints: whoever changed everything learns nothing from line 200.
	maxDiffLines = 200
	// maxCells bounds the table of the comparison (16 MiB). Beyond it the changed part is shown as one block.
	maxCells = 1 << 22
)

// edit is one line of a diff: ' ' in both texts, '-' only in the wanted one, '+' only in the one we got.
type edit struct {
	mark byte
	line string
}

// diff shows the lines in which two texts differ, a few lines around them, and the line numbers in the wanted text.
// It is empty for equal texts.
func diff(want, got string) string {
	edits := compare(splitLines(want), splitLines(got))

	var out strings.Builder

	printed, wantLine := 0, 0
	skipped := true // the first group has a header, too

	for i, e := range edits {
		if e.mark != '+' {
			wantLine++
		}

		if !nearChange(edits, i) {
			skipped = true

			continue
		}

		if printed == maxDiffLines {
			out.WriteString("... and more\n")

			break
		}

		if skipped {
			fmt.Fprintf(&out, "@@ line %d @@\n", max(wantLine, 1))

			skipped = false
		}

		fmt.Fprintf(&out, "%c %s\n", e.mark, visible(e.line))

		printed++
	}

	return out.String()
}

// compare finds the edits through the longest common subsequence of lines. Golden files are short and mostly equal:
// with the common beginning and end taken off, the plain quadratic table is enough.
func compare(want, got []string) []edit {
	head := 0
	for head < min(len(want), len(got)) && want[head] == got[head] {
		head++
	}

	tail := 0
	for tail < min(len(want), len(got))-head && want[len(want)-1-tail] == got[len(got)-1-tail] {
		tail++
	}

	edits := marked(' ', want[:head])
	edits = append(edits, changed(want[head:len(want)-tail], got[head:len(got)-tail])...)

	return append(edits, marked(' ', want[len(want)-tail:])...)
}

// changed compares two texts that differ from the first line to the last.
func changed(want, got []string) []edit {
	var edits []edit

	i, j := 0, 0

	if len(want)*len(got) <= maxCells {
		common := longestCommon(want, got)

		for i < len(want) && j < len(got) {
			switch {
			case want[i] == got[j]:
				edits = append(edits, edit{' ', want[i]})
				i++
				j++
			case common[i+1][j] >= common[i][j+1]:
				edits = append(edits, edit{'-', want[i]})
				i++
			default:
				edits = append(edits, edit{'+', got[j]})
				j++
			}
		}
	}

	edits = append(edits, marked('-', want[i:])...)

	return append(edits, marked('+', got[j:])...)
}

func marked(mark byte, lines []string) []edit {
	edits := make([]edit, len(lines))
	for i, line := range lines {
		edits[i] = edit{mark, line}
	}

	return edits
}

// longestCommon says at [i][j] how many lines the tails want[i:] and got[j:] have in common, in order.
func longestCommon(want, got []string) [][]int32 {
	table := make([][]int32, len(want)+1)
	for i := range table {
		table[i] = make([]int32, len(got)+1)
	}

	for i, wanted := range slices.Backward(want) {
		for j, line := range slices.Backward(got) {
			if line == wanted {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}

	return table
}

func nearChange(edits []edit, i int) bool {
	for _, e := range edits[max(0, i-contextLines):min(len(edits), i+contextLines+1)] {
		if e.mark != ' ' {
			return true
		}
	}

	return false
}

// splitLines keeps the line end with its line: a missing last one is a difference like any other.
func splitLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	}

	return lines
}

// visible shows a line without its line end, and quoted where something in it would not be seen.
func visible(line string) string {
	text, ended := strings.CutSuffix(line, "\n")

	unseen := func(r rune) bool { return r != '\t' && !unicode.IsPrint(r) }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unseen) || strings.HasSuffix(text, " ") {
		text = strconv.Quote(text)
	}

	if !ended {
		text += " (no line end)"
	}

	return text
}
