package stage

import (
	"fmt"
	"io"
)

// Run runs the stage with the given name, one of [StageNames].
func (o Options) Run(name string, in io.Reader, out io.Writer) error {
	switch name {
	case "number":
		return o.Number(in, out)
	case "hosts":
		return o.Hosts(in, out)
	case "blocks":
		return o.Blocks(in, out)
	case "merge":
		return o.Merge(in, out)
	case "mask":
		return o.Mask(in, out)
	case "sketch":
		return o.Sketch(in, out)
	case "duplicates":
		return o.Duplicates(in, out)
	case "bands":
		return o.Bands(in, out)
	case "sizes":
		return o.Sizes(in, out)
	case "full":
		return o.Full(in, out)
	case "candidates":
		return o.Candidates(in, out)
	case "screen":
		return o.Screen(in, out)
	case "verify":
		return o.Verify(in, out)
	case "cluster":
		return o.Cluster(in, out)
	case "members":
		return o.Members(in, out)
	}
	return fmt.Errorf("stage: unknown stage %q", name)
}
