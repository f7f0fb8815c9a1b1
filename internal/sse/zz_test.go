package sse_test
import ("testing";"math/rand/v2";"time";"reflect";"github.com/genotel/genotel/internal/sse")
func TestZZ(t *testing.T){
 toks := []string{"data","data:","data: ","event","event: ","event:",":","\n","\r","\r\n","\n\n"," ","x","xxxxxxxx","\ufeff","\xef","\xbb","id: 1","retry","\n\n","\n"}
 end := time.Now().Add(30*time.Second)
 r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()),1))
 n := 0
 for time.Now().Before(end) { for range 1000 { n++
  s := ""
  for range r.IntN(25) { s += toks[r.IntN(len(toks))] }
  max := r.IntN(20)
  want, over := reference(s, max)
  d := sse.Decoder{MaxEvent: max}
  var w []string
  for rest := s; rest != ""; { k := min(len(rest), r.IntN(1+r.IntN(20))); w = append(w, rest[:k]); rest = rest[k:] }
  got := decode(&d, w...)
  if !reflect.DeepEqual(got,want) || d.Oversized()!=over { t.Fatalf("%q max %d: %v %v; %v %v", w, max, got, want, d.Oversized(), over) }
 }}
 t.Log(n)
}
