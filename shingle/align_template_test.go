package shingle_test

import (
	"testing"

	"github.com/neardup/neardup/shingle"
)

// TestTemplateIsNotAnEdit checks that Template distinguishes one wording around different
// content from an edited text.
func TestTemplateIsNotAnEdit(t *testing.T) {
	for _, c := range []struct {
		why  string
		want bool
		a, b string
	}{
		{"results of two companies", true,
			"NORDVIK CORP 3rd qtr net\n\nShr 41 cts vs 37 cts\nNet 5,219,000 vs 4,377,000\nRevs 214.9 mln vs 182.5 mln\nNine mths\nShr 1.10 dlrs vs 93 cts",
			"BERGLUND INC 3rd qtr net\n\nShr 12 cts vs 19 cts\nNet 669,000 vs 1,256,000\nRevs 46.1 mln vs 43.8 mln\nNine mths\nShr 38 cts vs 55 cts"},
		{"a bond and another", true,
			"Nordvik Bank AS is issuing a 75 mln crown bond due May 14, 1992, paying 8-1/2 pct and priced at 101-5/8 pct, lead manager Holm and Co said.",
			"The city of Berglund is issuing a 100 mln crown bond due July 20, 1994, paying nine pct and priced at par, lead manager Lund Brothers said."},
		{"the weather in two towns, in German", true,
			"Am Montag scheint in Nordhausen meist die Sonne, nachmittags steigt die Temperatur auf 24 Grad, nachts sinkt sie auf 11 Grad, der Wind weht schwach aus Süd.",
			"Am Freitag regnet es in Bergheim häufig, nachmittags steigt die Temperatur auf 17 Grad, nachts sinkt sie auf 8 Grad, der Wind weht kräftig aus Nordwest."},
		{"two flats, in French", true,
			"À louer : appartement de 52 m² au 3e étage, à 5 minutes de la gare de Valmont, loyer de 640 euros par mois, charges comprises, libre le 1er mars, contacter Anne Moreau.",
			"À louer : appartement de 78 m² au 1er étage, à 12 minutes de la gare de Brissac, loyer de 910 euros par mois, charges comprises, libre le 15 juin, contacter Paul Girard."},
		{"two matches, in Spanish", true,
			"El Deportivo Alameda venció por 3 a 1 al Atlético Peñalba en el estadio de La Vega ante 12.400 espectadores, con goles de Ruiz, Soler y Campos.",
			"El Racing Montalbo venció por 2 a 0 al Sporting Cabrera en el estadio de El Soto ante 8.150 espectadores, con goles de Vidal y Prieto."},
		{"two days at the exchange, in Russian", true,
			"Курс доллара на торгах в понедельник вырос на 35 копеек и составил 92,40 рубля, курс евро снизился на 12 копеек, до 99,15 рубля, сообщили в Новинске.",
			"Курс доллара на торгах в пятницу вырос на 8 копеек и составил 88,75 рубля, курс евро снизился на 41 копейку, до 96,02 рубля, сообщили в Берёзовске."},
		{"two days of weather, in Chinese", true,
			"3月12日白天多云,最高气温18摄氏度,夜间最低气温7摄氏度,降水概率20%,东风3级,空气质量指数65,日出时间6时21分,日落时间18时15分。",
			"9月27日白天多云,最高气温25摄氏度,夜间最低气温16摄氏度,降水概率40%,东风5级,空气质量指数112,日出时间5时58分,日落时间17时49分。"},
		{"a story told again, its names and figures kept", false,
			"The old harbour wall of Nordvik, which was built in 1884, fell into the sea on Monday night after a week of heavy storms, and four boats were lost.",
			"The harbour wall of Nordvik, built in 1884, collapsed on Monday night when a week of storms came to an end, and four fishing boats were badly damaged."},
		{"one sentence more in the middle", false,
			"If you violate these terms we can stop providing all of the service to you, and we will tell you why.",
			"If you violate these terms or the rules of the house, which you find at the entrance, in the hall and on every floor, or do not pay in time, we can stop providing all of the service to you, and we will tell you why."},
		{"a text revised, in German", false,
			"Wir dürfen diese Vereinbarung jederzeit ändern und werden Sie rechtzeitig über jede Änderung unterrichten, bevor sie in Kraft tritt, so dass Sie kündigen können.",
			"Wir können diese Bedingungen gelegentlich ändern und werden Sie vorher über jede wesentliche Änderung benachrichtigen, bevor sie wirksam wird, so dass Sie noch kündigen dürfen."},
		{"figures that were updated in a story", false,
			"Four people were killed and 12 hurt when a bridge fell down in the old town of Nordvik on Monday night, the police said, and the river is closed to ships.",
			"Five people were killed and 17 hurt when a bridge fell down in the old town of Nordvik on Monday night, the police said, and the river is closed to ships."},
		{"equal", false, "a b c d e f g h i j k l 1 2 3", "a b c d e f g h i j k l 1 2 3"},
	} {
		check := func(a, b string) {
			t.Helper()
			ps := shingle.Aligner{}.Align(a, b)
			if len(ps) != 1 || ps[0].Template != c.want {
				t.Errorf("%s: %+v, want one passage with Template %v", c.why, ps, c.want)
			}
		}
		check(c.a, c.b)
		check(c.b, c.a)
	}
}
