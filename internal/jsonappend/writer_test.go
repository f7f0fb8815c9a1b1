package jsonappend_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/genotel/genotel/internal/jsonappend"
)

func TestTheWriterPutsCommasWhereTheyBelong(t *testing.T) {
	t.Parallel()

	var w jsonappend.Writer
	w.Array()
	w.Object()
	w.EndObject()
	w.Array()
	w.EndArray()
	w.Object()
	w.StringField("role", "user")
	w.IntField("n", 1)
	w.Key("parts")
	w.Array()
	w.String("a")
	w.Int(-2)
	w.Float(0.5)
	w.Float(math.NaN())
	w.Bool(true)
	w.Null()
	w.Raw([]byte(`{"raw":1}`))
	w.RawString(`[2]`)
	w.RawString("")
	w.RawOrString(`{ "x": 1 }`)
	w.RawOrString(`{ "x": `)
	w.Object()
	w.Key("nested")
	w.Object()
	w.EndObject()
	w.Key("last \"one\"")
	w.Bool(false)
	w.EndObject()
	w.EndArray()
	w.StringField("end", "")
	w.EndObject()
	w.EndArray()

	assert.Equal(t, `[{},[],{"role":"user","n":1,"parts":["a",-2,0.5,null,true,null,{"raw":1},[2],null,{"x":1},"{ \"x\": ",`+
		`{"nested":{},"last \"one\"":false}],"end":""}]`, string(w.Bytes()))
	assert.True(t, json.Valid(w.Bytes()))
}

func TestAWriterIsUsedAgainAfterReset(t *testing.T) {
	t.Parallel()

	var w jsonappend.Writer
	w.Array()
	w.Int(1)

	w.Reset(append(w.Bytes()[:0], "kept "...))
	w.Object()
	w.IntField("a", 1)
	w.EndObject()
	assert.Equal(t, `kept {"a":1}`, string(w.Bytes()))
}

// FuzzWhatIsReadIsWrittenBack writes what encoding/json decodes, and has it decoded again.
func FuzzWhatIsReadIsWrittenBack(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,"x\n",true,null,{}],"b":{"c":[[],[[]]]}}`, `[]`, `"\ud800"`, `[1e-7,1e21,-0]`} {
		f.Add(seed)
	}

	f.Fuzz(func(t *testing.T, text string) {
		var v any
		if json.Unmarshal([]byte(text), &v) != nil {
			return
		}

		var w jsonappend.Writer
		write(&w, v)

		var back any
		require.NoError(t, json.Unmarshal(w.Bytes(), &back), "%q", w.Bytes())
		require.Equal(t, v, back)
	})
}

func write(w *jsonappend.Writer, v any) {
	switch v := v.(type) {
	case nil:
		w.Null()
	case bool:
		w.Bool(v)
	case float64:
		w.Float(v)
	case string:
		w.String(v)
	case []any:
		w.Array()
		for _, element := range v {
			write(w, element)
		}
		w.EndArray()
	case map[string]any:
		w.Object()
		for key, value := range v {
			w.Key(key)
			write(w, value)
		}
		w.EndObject()
	}
}

func TestWritingAllocatesNothingBesidesTheBuffer(t *testing.T) {
	buffer := make([]byte, 0, 4096)

	assert.Zero(t, testing.AllocsPerRun(100, func() {
		var w jsonappend.Writer
		w.Reset(buffer[:0])
		w.Array()
		w.Object()
		w.StringField("role", "us\xffer")
		w.IntField("n", 123456789)
		w.Key("f")
		w.Float(1e-7)
		w.Key("raw")
		w.RawString(`[1]`)
		w.Key("arguments")
		w.RawOrString(`{ "city": "Paris\n", "days": [1, 2] }`)
		w.EndObject()
		w.EndArray()
	}))
}
