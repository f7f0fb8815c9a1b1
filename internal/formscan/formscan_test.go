package formscan_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/formscan"
)

const boundary = "b0undary'x"

// scan reads a form in pieces of a size and returns its parts.
func scan(form []byte, piece, limit int) (parts []formscan.Part, whole bool) {
	s := formscan.New(boundary, func(*formscan.Part) int { return limit }, func(p *formscan.Part) {
		part := *p
		part.Value = append([]byte{}, p.Value...)
		parts = append(parts, part)
	})
	for len(form) > 0 {
		passing := bytes.Clone(form[:min(piece, len(form))])
		n, err := s.Write(passing)
		if n != len(passing) || err != nil {
			panic("a scanner takes everything")
		}
		clear(passing) // it was the caller's
		form = form[n:]
	}
	return parts, s.End()
}

// written is a form as mime/multipart writes it.
func written(t *testing.T, fill func(*multipart.Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	require.NoError(t, w.SetBoundary(boundary))
	fill(w)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestAFormIsReadWhereverItIsCut(t *testing.T) {
	picture := strings.Repeat("\r\n--b0undary-\r", 40)
	form := written(t, func(w *multipart.Writer) {
		file, err := w.CreateFormFile("image[]", `C:\pictures\a "cat".png`)
		require.NoError(t, err)
		_, err = io.WriteString(file, picture)
		require.NoError(t, err)
		require.NoError(t, w.WriteField("model", "gpt-image-1"))
		require.NoError(t, w.WriteField("empty", ""))
		require.NoError(t, w.WriteField("prompt", "A cat,\r\nplease."))
	})
	for piece := 1; piece <= len(form); piece++ {
		parts, whole := scan(form, piece, 13)
		require.True(t, whole)
		require.Equal(t, []formscan.Part{
			{
				Name: "image[]", IsFile: true, FileName: `a "cat".png`, ContentType: "application/octet-stream",
				Size: int64(len(picture)), Value: []byte{}, Whole: true,
			},
			{Name: "model", Size: 11, Value: []byte("gpt-image-1"), Whole: true},
			{Name: "empty", Value: []byte{}, Whole: true},
			{Name: "prompt", Size: 15, Value: []byte("A cat,\r\npleas"), Whole: true},
		}, parts)
	}
}

func TestAValueThatIsNotKeptWholeIsNoText(t *testing.T) {
	for _, test := range []struct {
		part  formscan.Part
		text  string
		whole bool
	}{
		{formscan.Part{Value: []byte("ab"), Size: 2, Whole: true}, "ab", true},
		{formscan.Part{Value: []byte("ab"), Size: 3, Whole: true}, "", false},
		{formscan.Part{Value: []byte("ab"), Size: 2}, "", false},
	} {
		text, whole := test.part.Text()
		assert.Equal(t, test.text, text)
		assert.Equal(t, test.whole, whole)
	}
}

func TestAFormThatIsCutReportsWhatCame(t *testing.T) {
	form := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--" + boundary +
		"\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\nabc"
	parts, whole := scan([]byte(form), 7, 10)
	assert.False(t, whole)
	require.Len(t, parts, 2)
	assert.True(t, parts[0].Whole)
	assert.Equal(t, formscan.Part{
		Name: "file", IsFile: true, FileName: "x.mp3", ContentType: "audio/mpeg", Size: 3, Value: []byte{},
	}, parts[1])
}

func TestAFormOfTooMuchIsReadNoFurther(t *testing.T) {
	one := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
	parts, whole := scan([]byte(strings.Repeat(one, 1025)+"--"+boundary+"--"), 1<<20, 1)
	assert.Len(t, parts, 1024)
	assert.False(t, whole)

	parts, whole = scan([]byte("--"+boundary+"\r\nX: "+strings.Repeat("x", 8<<10)+"\r\n\r\n1\r\n--"+boundary+"--"), 1<<20, 1)
	assert.Empty(t, parts)
	assert.False(t, whole)

	s := formscan.New("", func(*formscan.Part) int { return 0 }, func(*formscan.Part) { t.Error("no boundary, no part") })
	_, err := s.Write([]byte("--\r\n\r\n--"))
	require.NoError(t, err)
	assert.False(t, s.End())
}

func TestAFileIsReadWithoutAllocation(t *testing.T) {
	s := formscan.New(boundary, func(*formscan.Part) int { return 0 }, func(*formscan.Part) {})
	_, err := s.Write([]byte("--" + boundary + "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n"))
	require.NoError(t, err)
	file := bytes.Repeat([]byte("ab\r\n--c\r"), 4<<10)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = s.Write(file) }))
}

// oracle reads a form with mime/multipart.
func oracle(form []byte) (parts []formscan.Part, whole bool) {
	r := multipart.NewReader(bytes.NewReader(form), boundary)
	for {
		p, err := r.NextRawPart()
		if err != nil {
			return parts, errors.Is(err, io.EOF) && err.Error() == io.EOF.Error()
		}
		value, err := io.ReadAll(p)
		part := formscan.Part{
			Name: p.FormName(), ContentType: p.Header.Get("Content-Type"), Size: int64(len(value)), Value: value, Whole: err == nil,
		}
		if _, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition")); err == nil {
			var name string
			if name, part.IsFile = params["filename"]; name != "" {
				part.FileName = path.Base(strings.ReplaceAll(name, `\`, "/"))
			}
		}
		parts = append(parts, part)
		if err != nil {
			return parts, false
		}
	}
}

// foreignEnds finds delimiters whose lines end with LF alone, for which
// mime/multipart has a mode that this package has not.
var foreignEnds = regexp.MustCompile(regexp.QuoteMeta("--"+boundary) + `(--)?[ \t]*\n`)

var lastDelimiter = regexp.MustCompile(`(^|\r\n)` + regexp.QuoteMeta("--"+boundary+"--"))

func FuzzForm(f *testing.F) {
	const field = "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
	for _, seed := range []string{
		"--B" + field + "1\r\n--B--\r\n", "before\r\n--B" + field + "1\r\n--B \t" + field + "2\r\n--B--", "--B" + field + "--B--\r\n",
		"--B" + field + "--Bx\r\n--B-\r\n--B-x\r\n\r\n--B\r\n\r\nno header\r\n--B--after", "--B--", "--B--\r\n", "--B\r\n", "",
		"--B\r\nContent-Disposition: form-data; name=f; filename=\"d/x.png\"\r\nContent-Type: image/png\r\n\r\n\x00\r\r\n\r\n--\r\n--B--",
		"--B\r\nContent-Disposition: attachment; filename=\"\"\r\nA: b\r\n c\r\n\r\n\r\n--B", "--B" + field + "1\r\n--B-", "--B" + field + "1\r\n--B x\r\n",
		"--B\r\nno colon\r\n\r\n1\r\n--B--", "--B\r\nA: b\n\n--B--", "--B\n\n1\n--B--\n",
	} {
		f.Add([]byte(strings.ReplaceAll(seed, "--B", "--"+boundary)), uint8(5))
	}
	f.Fuzz(func(t *testing.T, form []byte, piece uint8) {
		parts, whole := scan(form, len(form)+1, len(form))
		for _, size := range []int{1, 2, 1 + int(piece)} {
			again, wholeAgain := scan(form, size, len(form))
			require.Equal(t, parts, again, "in pieces of %d", size)
			require.Equal(t, whole, wholeAgain)
		}
		total := int64(0)
		for _, p := range parts {
			total += p.Size
		}
		require.LessOrEqual(t, total, int64(len(form)))

		if len(form) > 2<<10 || foreignEnds.Match(form) {
			return
		}
		want, wantWhole := oracle(form)
		for i := range want {
			if want[i].IsFile { // whose value nobody wants
				want[i].Value = []byte{}
			}
		}
		require.Equal(t, want, parts)
		if !wantWhole || lastDelimiter.Match(form) { // it says the same of a header that is cut
			require.Equal(t, wantWhole, whole)
		}
	})
}

func BenchmarkFile(b *testing.B) {
	file := make([]byte, 25<<20)
	for i := range file {
		file[i] = byte(i * i >> 8)
	}
	for _, piece := range []int{32 << 10, len(file)} {
		b.Run(fmt.Sprintf("pieces of %d", piece), func(b *testing.B) {
			s := formscan.New(strings.Repeat("x", 60), func(*formscan.Part) int { return 0 }, func(*formscan.Part) {})
			_, _ = s.Write([]byte("--" + strings.Repeat("x", 60) + "\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n"))
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				for rest := file; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
					_, _ = s.Write(rest[:min(piece, len(rest))])
				}
			}
		})
	}
}
