package text

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

func TestSiteProfile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		profile alloc.HeapSiteProfile
		want    string
	}{
		{alloc.HeapSiteProfile{Samples: 55, Rate: 512 << 10, Until: 4e9, Bytes: 11 << 20, Unseen: 1888 << 10}, "by 55 samples, one for 512.0KiB, which end at 4s, the last collection but one: 11.00MiB of 28.00MiB that were allocated; of the rest it is not known who did; a site of up to 1.844MiB may have none. They are few: record longer, or set runtime.MemProfileRate"},
		{alloc.HeapSiteProfile{Samples: 55, Rate: 4096, Bytes: 28 << 20, Unseen: 15 << 10}, "by 55 samples, one for 4.000KiB; a site of up to 15.00KiB may have none. They are few: record longer"},
		{alloc.HeapSiteProfile{Samples: 5500, Rate: 4096, Until: 4e9, Bytes: 20 << 20, Unseen: 15 << 10}, "a site of up to 15.00KiB may have none. Record longer"},
		{alloc.HeapSiteProfile{Samples: 5500, Rate: 4096, Bytes: 28 << 20, Unseen: 15 << 10}, "by 5,500 samples, one for 4.000KiB; a site of up to 15.00KiB may have none"},
	} {
		var b strings.Builder
		w := &writer{Writer: bufio.NewWriter(&b)}
		w.siteProfile(&alloc.Heap{Bytes: 28 << 20, SiteProfile: &tt.profile})
		w.Flush()
		if got := strings.TrimSuffix(b.String(), "\n"); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%q\nwant %q", got, tt.want)
		}
	}
}
