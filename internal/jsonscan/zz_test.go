package jsonscan_test
import ("testing";"math/rand/v2";"encoding/json";"time";"bytes";"reflect";"github.com/genotel/genotel/internal/jsonscan")
func TestZZ(t *testing.T){
 toks := []string{"{","}","[","]",",",":","\"","\"a\"","\"abcdefgh\"","\"\\n\"","\"\\u00e9\"","\\","\\u","\\ud83d","\\ude00","d83d","1","0","-",".","e","E","+","12345678","true","false","null","tru"," ","\n","\t","\r","\x00","\x1f","\xff","\xc3","é","😀","abcdefg","\"k\":","\"k\":1","[1","{\"a\":[","]}","1,","\"a\",","\x7f"}
 gen := func(r *rand.Rand, d int) []byte { return nil }
 _ = gen
 var val func(r *rand.Rand, d int) string
 val = func(r *rand.Rand, d int) string {
  sp := []string{""," ","","\n",""}[r.IntN(5)]
  switch k := r.IntN(8); {
  case k<2 && d>0: s := "{"; n := r.IntN(4); for i:=0;i<n;i++ { if i>0 {s+=","}; s+=sp+"\""+[]string{"a","bb","\\u0041","\xff","longer key name","é"}[r.IntN(6)]+"\""+sp+":"+val(r,d-1)+sp }; return s+"}"
  case k<4 && d>0: s := "["; n := r.IntN(4); for i:=0;i<n;i++ { if i>0 {s+=","}; s+=sp+val(r,d-1)+sp }; return s+"]"
  case k<6: s:="\""; n := r.IntN(6); for i:=0;i<n;i++ { s+= []string{"a","text text","\\n","\\\"","\\ud83d","\\ude00","\xff","é","\\u00ff","😀","\xc3"}[r.IntN(11)]}; return s+"\""
  case k<7: return []string{"0","-1","1.5","1e5","-0.0","123456789012","1E-7"}[r.IntN(7)]
  default: return []string{"true","false","null"}[r.IntN(3)]
  }
 }
 end := time.Now().Add(45*time.Second)
 n, valid := 0,0
 r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()),1))
 for time.Now().Before(end) {
  for range 1000 {
   var d []byte
   if n%2==0 { for range 1+r.IntN(8) { d = append(d, toks[r.IntN(len(toks))]...) } } else {
     d = []byte(val(r,4))
     if r.IntN(2)==0 { i := r.IntN(len(d)); switch r.IntN(3) { case 0: d = d[:i]; case 1: d[i] = byte(r.IntN(256)); case 2: d = append(d[:i:i], append([]byte(toks[r.IntN(len(toks))]), d[i:]...)...)} }
   }
   n++
   s := jsonscan.New(d); raw := s.Raw(); ok := s.End()
   if ok != json.Valid(d) { t.Fatalf("%q %v %v", d, ok, s.Err()) }
   s2 := jsonscan.New(d); got := rebuild(&s2)
   if s2.End() != ok { t.Fatalf("walk %q", d) }
   if ok { valid++
    if string(raw) != string(bytes.Trim(d," \t\r\n")) {t.Fatal(d)}
    dec := json.NewDecoder(bytes.NewReader(d)); dec.UseNumber(); var w any; _ = dec.Decode(&w)
    if !reflect.DeepEqual(w,got) { t.Fatalf("%q %v %v", d, w, got) }
   }
  }
 }
 t.Log(n, valid)
}
