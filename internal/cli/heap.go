package cli

// heapCommand is "stackward heap": what shows a recording, and below it what
// makes one.
func heapCommand() command {
	return command{
		name: "heap", help: heapHelp, define: defineHeap,
		below: []command{
			{name: "heap record", help: recordHelp, define: defineRecord},
			{name: "heap whatif", help: whatifHelp, define: defineWhatIf},
			{name: "heap top", help: topHelp, define: defineTop},
		},
	}
}
