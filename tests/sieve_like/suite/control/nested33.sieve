if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
if header :is "a" "b" {
keep;
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
}
