package langsmith

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestRun_JSONTellsAnEmptyObjectFromAnUnsetOne(t *testing.T) {
	body, err := json.Marshal(one(t, Options{}, attrs("gen_ai.completion", "{}")))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), `"outputs":{}`) || strings.Contains(string(body), `"inputs"`) {
		t.Errorf("got %s, want empty outputs and no inputs", body)
	}
}
