// Command benthos is the stream processor Benthos with an additional processor,
// neardup, which finds pages that repeat others:
//
//	GOWORK=off go -C examples/benthos build -o /tmp/benthos . && /tmp/benthos run config.yaml
//
// The file config.yaml in this folder is a configuration to start from. Import
// further components here like those below.
package main

import (
	"context"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"

	_ "github.com/neardup/neardup/examples/benthos/processor"
)

func main() { service.RunCLI(context.Background()) }
