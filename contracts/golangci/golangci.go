// Package golangci is the contract analyzer as a plugin of golangci-lint
// (https://golangci-lint.run/docs/plugins/module-plugins): importing it registers
// the linter "stackward". docs/vet.md has the configuration.
//
// It is a module of its own, so that nobody else gets the plugin's requirements.
package golangci

import (
	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/stackward-go/stackward/contracts"
)

func init() { register.Plugin("stackward", newPlugin) }

type plugin struct{}

// newPlugin refuses settings: there are none, and one that is misspelled must not
// pass.
func newPlugin(settings any) (register.LinterPlugin, error) {
	if settings == nil {
		return plugin{}, nil
	}
	_, err := register.DecodeSettings[struct{}](settings)
	return plugin{}, err
}

func (plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	return []*analysis.Analyzer{contracts.Analyzer}, nil
}

func (plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
