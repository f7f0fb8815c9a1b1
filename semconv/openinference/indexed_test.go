package openinference_test

import (
	"fmt"

	"github.com/genotel/genotel/semconv/openinference"
)

func ExampleIndexed() {
	message := openinference.Indexed(openinference.LLMOutputMessagesKey, 0, openinference.MessageToolCallsKey)
	fmt.Println(openinference.Indexed(message, 2, openinference.ToolCallFunctionNameKey))
	// Output: llm.output_messages.0.message.tool_calls.2.tool_call.function.name
}
