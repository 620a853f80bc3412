#!/bin/sh
# Compile densities.ppl by Stan into a library for densities.py: stan_gradient.sh PYTHON OUTPUT, where PYTHON is one that
# has pystan. Compiler options are those of pystan.
set -e
here=$(cd "$(dirname "$0")" && pwd)
stan=$("$1" -c 'import httpstan, pathlib; print(pathlib.Path(httpstan.__file__).parent)')
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cp "$here/densities.ppl" "$work/densities.stan"
"$stan/stanc" --name densities_model --print-cpp "$work/densities.stan" > "$work/model.hpp"
g++ -O3 -std=c++14 -w -fPIC -shared -I "$stan/include" -include "$work/model.hpp" "$here/stan_gradient.cpp" -o "$2" \
  -DBOOST_DISABLE_ASSERTS -DBOOST_PHOENIX_NO_VARIADIC_EXPRESSION -DSTAN_THREADS -D_REENTRANT \
  -D_GLIBCXX_USE_CXX11_ABI=0 -L "$stan/lib" -lsundials_cvodes -lsundials_idas -lsundials_nvecserial -l:libtbb.so.2 \
  -Wl,-rpath,"$stan/lib"
