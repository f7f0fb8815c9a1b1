package parts_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/genotel/genotel/internal/parts"
	"github.com/genotel/genotel/otelgenai/record"
)

func TestEveryTextOfEveryKindOfPartIsVisited(t *testing.T) {
	media := record.Media{URI: "uri"}
	all := []record.Part{
		record.Text{Content: "text"},
		record.Reasoning{Content: "text"},
		record.Refusal{Content: "text"},
		record.ToolCall{Name: "kept", Arguments: "text"},
		record.ToolResult{Name: "kept", Content: "text"},
		record.ServerToolCall{Name: "kept", Content: "text"},
		record.ServerToolResult{Name: "kept", Content: "text"},
		record.Generic{Type: "kept", JSON: "text"},
		record.Image{Media: media, Name: "name"},
		record.Audio{Media: media, Name: "name", Transcript: "text"},
		record.File{Media: media, Name: "name"},
	}
	mark := func(s *string) { *s += "!" }
	v := parts.Visitor{Text: mark, Media: func(m *record.Media) { mark(&m.URI) }}

	image := v.Part(all[8])
	assert.Equal(t, record.Image{Media: record.Media{URI: "uri!"}, Name: "name"}, image, "names are left alone")
	assert.Equal(t, record.Image{Media: media, Name: "name"}, all[8], "and so is the part that was given")

	v.Name = mark
	v.All(all)
	visited := record.Media{URI: "uri!"}
	assert.Equal(t, []record.Part{
		record.Text{Content: "text!"},
		record.Reasoning{Content: "text!"},
		record.Refusal{Content: "text!"},
		record.ToolCall{Name: "kept", Arguments: "text!"},
		record.ToolResult{Name: "kept", Content: "text!"},
		record.ServerToolCall{Name: "kept", Content: "text!"},
		record.ServerToolResult{Name: "kept", Content: "text!"},
		record.Generic{Type: "kept", JSON: "text!"},
		record.Image{Media: visited, Name: "name!"},
		record.Audio{Media: visited, Name: "name!", Transcript: "text!"},
		record.File{Media: visited, Name: "name!"},
	}, all)
}
