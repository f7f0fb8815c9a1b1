package dialect

import (
	"slices"

	"go.opentelemetry.io/otel/attribute"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// uploadKinds names the pictures that are uploaded for another purpose than to be
// changed, by the field of the form.
var uploadKinds = map[string]string{"mask": "mask", "markup": "markup"}

// AppendMedia appends what no registered key says of sound and of moderations.
func AppendMedia(dst []attribute.KeyValue, c *record.Call) []attribute.KeyValue {
	r := &c.Response
	dst = appendInt(dst, semconv.AudioBytesKey, r.AudioBytes)
	dst = appendFloat(dst, semconv.AudioDurationKey, r.AudioSeconds)
	if len(r.Moderations) == 0 {
		return dst
	}
	flagged, categories := false, []string(nil)
	for _, verdict := range r.Moderations {
		flagged = flagged || verdict.Flagged
		for _, category := range verdict.Categories {
			if len(categories) < maxCategories && !slices.Contains(categories, category) {
				categories = append(categories, category)
			}
		}
	}
	dst = append(dst, semconv.ModerationFlaggedKey.Bool(flagged))
	if len(categories) > 0 {
		dst = append(dst, semconv.ModerationCategoriesKey.StringSlice(categories))
	}
	return dst
}

// maxCategories bounds the categories of one moderation on a span.
const maxCategories = 64
