package cpu

import "testing"

func TestUseSelectsTier(t *testing.T) {
	tiers := Tiers()
	best := tiers[len(tiers)-1]
	if tiers[0] != Generic || Active() != best {
		t.Fatalf("Active() = %v of Tiers() = %v, want the last one, and Generic first", Active(), tiers)
	}
	for _, tier := range tiers {
		restore := Use(tier)
		if Active() != tier {
			t.Errorf("after Use(%v): Active() = %v, want the same tier", tier, Active())
		}
		restore()
		if Active() != best {
			t.Errorf("after restore: Active() = %v, want %v", Active(), best)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Use of a tier of another architecture did not panic, want a panic")
		}
	}()
	if best == NEON {
		Use(AVX2)
	}
	Use(NEON)
}
