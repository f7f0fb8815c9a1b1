package clienttest

// The answers of the provider.
const (
	// Completion answers a chat.
	Completion = `{
  "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o-mini-2024-07-18",
  "choices": [{"index": 0, "message": {"role": "assistant", "content": "Twelve.", "refusal": null},
    "logprobs": null, "finish_reason": "stop"}],
  "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}, "tomorrow": {"a": [1, 2.50]}
}`
	// Embedding answers a text with two numbers.
	Embedding = `{"object":"list","model":"text-embedding-3-small","data":[{"object":"embedding","index":0,` +
		`"embedding":[0.25,-0.5]}],"usage":{"prompt_tokens":5,"total_tokens":5}}`
	// Response answers a response.
	Response = `{"id":"resp_1","object":"response","created_at":1700000000,"status":"completed",` +
		`"model":"gpt-4o-mini-2024-07-18","output":[{"type":"message","id":"msg_1","status":"completed","role":"assistant",` +
		`"content":[{"type":"output_text","text":"Twelve.","annotations":[]}]}],` +
		`"usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}`

	delta = `{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-mini-2024-07-18",` +
		`"choices":[{"index":0,"delta":{"role":"assistant","content":"Twelve."},"finish_reason":null}]}`
	stop = `{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-mini-2024-07-18",` +
		`"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	usage = `{"id":"chatcmpl-2","object":"chat.completion.chunk","created":1700000000,"model":"gpt-4o-mini-2024-07-18",` +
		`"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12}}`
)

// Chunks are the events of a streamed chat.
var Chunks = []string{delta, stop, usage, "[DONE]"}

// ResponseEvents are the events of a streamed response.
var ResponseEvents = []string{
	`{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress",` +
		`"model":"gpt-4o-mini-2024-07-18","output":[]}}`,
	`{"type":"response.output_text.delta","sequence_number":1,"item_id":"msg_1","output_index":0,"content_index":0,` +
		`"delta":"Twelve."}`,
	`{"type":"response.completed","sequence_number":2,"response":` + Response + `}`,
}
