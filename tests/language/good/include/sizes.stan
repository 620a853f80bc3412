int N;
int K;
