package cpu

import "testing"

func TestUse(t *testing.T) {
	tiers := Tiers()
	best := tiers[len(tiers)-1]
	if tiers[0] != Generic || Active() != best {
		t.Fatalf("%v is in use of %v", Active(), tiers)
	}
	for _, tier := range tiers {
		restore := Use(tier)
		if Active() != tier {
			t.Errorf("%v is in use after Use(%v)", Active(), tier)
		}
		restore()
		if Active() != best {
			t.Errorf("%v is in use afterwards", Active())
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a tier of another architecture is accepted")
		}
	}()
	if best == NEON {
		Use(AVX2)
	}
	Use(NEON)
}
