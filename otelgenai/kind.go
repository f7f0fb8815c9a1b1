package otelgenai

import (
	"cmp"

	"github.com/genotel/genotel/otelgenai/record"
	"github.com/genotel/genotel/semconv"
)

// Kind is what a span of the application stands for. It decides what the span's name
// means, its name by the conventions and how backends show it.
type Kind uint8

const (
	// KindChain is a function, for which the conventions have no operation; name is its
	// own. LangSmith calls it a chain. It is the default.
	KindChain Kind = iota
	// KindTool is one run of a tool: execute_tool.
	KindTool
	// KindAgent is one invocation of an agent within the program: invoke_agent.
	KindAgent
	// KindWorkflow is an application's own orchestration of agents or calls:
	// invoke_workflow.
	KindWorkflow
	// KindRetrieval is a search for documents; name is the id of what is searched.
	KindRetrieval
	// KindEmbedding is a call of an embedding model; name is that of the model.
	KindEmbedding
	// KindLLM is a call of a model that answers in a conversation; name is that of the
	// model. Clients that genotel instruments make such spans themselves.
	KindLLM
	// KindMemory is an access to what an agent remembers; name is a [MemoryOperation].
	KindMemory
	// KindPlan is the making of a plan; name is that of the agent, or empty for the agent
	// around it.
	KindPlan
)

// MemoryOperation is what is done with memories, by the conventions.
type MemoryOperation string

// The operations on single memories, and on stores of them.
const (
	SearchMemory      MemoryOperation = semconv.GenAIOperationNameSearchMemory
	CreateMemory      MemoryOperation = semconv.GenAIOperationNameCreateMemory
	UpdateMemory      MemoryOperation = semconv.GenAIOperationNameUpdateMemory
	UpsertMemory      MemoryOperation = semconv.GenAIOperationNameUpsertMemory
	DeleteMemory      MemoryOperation = semconv.GenAIOperationNameDeleteMemory
	CreateMemoryStore MemoryOperation = semconv.GenAIOperationNameCreateMemoryStore
	DeleteMemoryStore MemoryOperation = semconv.GenAIOperationNameDeleteMemoryStore
)

func (o MemoryOperation) known() bool {
	switch o {
	case SearchMemory, CreateMemory, UpdateMemory, UpsertMemory, DeleteMemory, CreateMemoryStore, DeleteMemoryStore:
		return true
	default:
		return false
	}
}

// describe begins the record of an operation of a kind.
func (k Kind) describe(name string, c *record.Call) {
	switch k {
	case KindTool:
		c.Operation, c.Step.Tool.Name = semconv.GenAIOperationNameExecuteTool, name
	case KindAgent:
		c.Operation, c.Agent.Name = semconv.GenAIOperationNameInvokeAgent, name
	case KindWorkflow:
		c.Operation, c.Step.Workflow = semconv.GenAIOperationNameInvokeWorkflow, name
	case KindRetrieval:
		c.Operation, c.Retrieval.DataSource = semconv.GenAIOperationNameRetrieval, name
	case KindEmbedding:
		c.Operation, c.Request.Model = semconv.GenAIOperationNameEmbeddings, name
	case KindLLM:
		c.Operation, c.Request.Model = semconv.GenAIOperationNameChat, name
	case KindMemory:
		c.Operation = name
	case KindPlan:
		c.Operation, c.Agent.Name = semconv.GenAIOperationNamePlan, cmp.Or(name, c.Agent.Name)
	default:
		c.Step.Function = name
	}
	c.Step.InProcess = k.inProcess()
}

func (k Kind) inProcess() bool {
	switch k {
	case KindRetrieval, KindEmbedding, KindLLM, KindMemory:
		return false
	default:
		return true
	}
}

// hasAgentAround reports whether the span tells which agent does the work.
func (k Kind) hasAgentAround() bool { return k == KindTool || k == KindPlan }

// callsModel reports whether tokens are counted.
func (k Kind) callsModel() bool { return k == KindLLM || k == KindEmbedding }

// searches reports whether documents are found.
func (k Kind) searches() bool { return k == KindRetrieval || k == KindMemory }
