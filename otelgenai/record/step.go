package record

// Step is work that the program does itself, or asks for without a protocol that
// genotel reads: a function, a tool, an agent, a workflow, a plan, an access to memory.
type Step struct {
	// InProcess is set when no server is asked. The tokens of such a step are those of
	// the model calls below it.
	InProcess bool
	// Function is the name of a function, for which the conventions have no operation:
	// Call.Operation is empty then.
	Function string
	// Workflow is the name of a workflow.
	Workflow string
	// Tool is the tool that is run.
	Tool ToolRun
	// Memory is where memories are kept. What is searched for, or kept, and what is found
	// is in Call.Retrieval.
	Memory Memory

	// Input is what the step was given, Output what it returned: JSON, or plain text.
	// They are content: present only when somebody may see it.
	Input, Output string
}

// ToolRun is one run of a tool.
type ToolRun struct {
	Name string
	// Type is the conventions' kind of tool, for instance "function".
	Type string
	// CallID is that of the model's tool call.
	CallID      string
	Description string
}

// Memory names a place where memories are kept.
type Memory struct {
	StoreID string
	// RecordID is that of the one memory that is meant.
	RecordID string
}
